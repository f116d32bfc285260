import type { Content } from "./content.ts";
import type { Corrections } from "./correction.ts";
import { NAMES, type NumberName } from "../number.ts";
import type { Chosen } from "./chosen.ts";
import type { Fault } from "./parts.ts";
import { DIMENSIONS, GROUP } from "./dimensions.ts";

export function withoutIgnored(content: Content, { ignored, also }: Corrections): Content {
  const dropped = ignored ?? also.ignored;
  return { ...content, columns: content.columns.filter(({ name }) => !dropped.includes(name)) };
}

const PARTS = ["run", "group", "dimensions"] as const;

export function doubtsOfFaults(faults: Fault[]): string[] {
  return PARTS.flatMap((part) => {
    const fault = faults.find(({ path }) => path === part || path.startsWith(`${part}.`));
    return fault ? [`Correction of ${part} ignored: ${fault.message}`] : [];
  });
}

export function correctedIn(
  correction: Corrections,
  chosen: Partial<Record<NumberName, Chosen>>,
): string[] {
  const { also, meanings } = correction;
  const words = Object.values(meanings);
  const set = {
    run: correction.run,
    group: correction.group ?? words.find((word) => GROUP.includes(word)),
    dimensions: correction.dimensions ?? also.dimensions[0] ??
      words.find((word) => DIMENSIONS.includes(word)),
  };
  return [
    ...PARTS.filter((part) => set[part]),
    ...NAMES.filter((name) => chosen[name]).map((name) => `measures.${name}`),
    ...(correction.ignored ?? also.ignored[0] ? ["ignored"] : []),
  ];
}
