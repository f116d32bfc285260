/** Tools that are known by the columns of their tables. */
export type KnownTable = {
  tool: string;
  needs: string[];
  /** The column with the tool's version. */
  version?: string;
  /** Columns that would be taken for common ones, and common ones that others fill. */
  renamed?: Record<string, string>;
  copied?: Record<string, string>;
};

/** Both write -1 for what was not run, also for a slack. */
const KNOWN: KnownTable[] = [
  {
    tool: "OpenLane 1",
    needs: ["design_name", "flow_status", "tritonRoute_violations"],
    renamed: { design: "design_path" },
    copied: { design: "design_name" },
  },
  {
    tool: "VTR/VPR",
    needs: ["circuit", "vpr_status", "vpr_revision"],
    version: "vpr_revision",
    copied: { design: "circuit", platform: "arch", variant: "script_params" },
  },
];

export function knownTable(columns: readonly string[]): KnownTable | undefined {
  return KNOWN.find(({ needs, copied = {} }) =>
    [...needs, ...Object.values(copied)].every((name) => columns.includes(name))
  );
}

export const isNotRun = (cell: string) => cell === "-1" || cell === "-1.0";
