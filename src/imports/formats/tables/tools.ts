/** Tools that are known by the columns of their tables. */
export type KnownTable = {
  tool: string;
  needs: string[];
  /** The column with the tool's version. */
  version?: string;
};

/** Both write -1 for what was not run, also for a slack. */
const KNOWN: KnownTable[] = [
  { tool: "OpenLane 1", needs: ["design_name", "flow_status", "tritonRoute_violations"] },
  { tool: "VTR/VPR", needs: ["vpr_status", "vpr_revision"], version: "vpr_revision" },
];

export function knownTable(columns: readonly string[]): KnownTable | undefined {
  return KNOWN.find(({ needs }) => needs.every((name) => columns.includes(name)));
}

export const isNotRun = (cell: string) => cell === "-1" || cell === "-1.0";
