import { HOLD } from "../names/checks.ts";
import { columnOf } from "../names/choose.ts";
import type { TableFacts } from "../facts.ts";
import { quoteName, quoteText, textOf } from "../sql.ts";

const lower = (sql: string) => `pg_catalog.lower(${sql})`;
/** Matches `Hold`, `min_rise` or a longer name that contains the word. */
const speaksOf = (words: string[]) => {
  const word = new RegExp(`(^|[^a-z])(${words.join("|")})([^a-z]|$)`, "i");
  return (value: string) => word.test(value);
};
const isHold = speaksOf(HOLD);
const isNeither = speaksOf(["recovery", "removal", "pulse", "width", "period", "gating"]);

/** SQL by the values seen: a regex over a million rows takes seconds. Undefined without a check column. */
export function ofCheck(facts: TableFacts, check: "setup" | "hold"): string | undefined {
  const type = columnOf(facts.columns, "path_type");
  if (!type) return undefined;
  const seen = facts.values.path_type ?? [];
  const hold = seen.filter(isHold);
  const chosen = check === "hold" ? hold : [...hold, ...seen.filter(isNeither)];
  if (chosen.length === 0) return check === "hold" ? "false" : undefined;
  const list = chosen.map(quoteText).join(", ");
  const text = textOf(type);
  return check === "hold"
    ? `${text} IN (${list})`
    : `(${text} IS NULL OR ${text} NOT IN (${list}))`;
}

export function hasHold({ values }: TableFacts): boolean {
  return (values.path_type ?? []).some(isHold);
}

/** True when the waiver column holds counts instead of flags. */
export function isWaivedCount({ columns, greatest }: TableFacts): boolean {
  const flag = columnOf(columns, "waived");
  return flag?.shape === "number" && (greatest[flag.name] ?? 0) > 1;
}

/** SQL; undefined without a waiver or status column. */
export function notWaived(facts: TableFacts): string | undefined {
  const { columns } = facts;
  const [flag, status] = [columnOf(columns, "waived"), columnOf(columns, "status")];
  if (flag && isWaivedCount(facts)) return undefined;
  if (flag?.shape === "boolean") return `${quoteName(flag.name)} IS NOT TRUE`;
  if (flag) {
    return `COALESCE(${lower(textOf(flag))}, '') NOT IN ('t', 'true', 'y', 'yes', '1', 'waived')`;
  }
  return status && `COALESCE(${lower(textOf(status))}, '') <> 'waived'`;
}

export function ofWhole({ mapping: { whole } }: TableFacts): string | undefined {
  return whole && `${textOf(whole.column)} IN (${whole.values.map(quoteText).join(", ")})`;
}

export function ofTotalStage({ mapping: { total_stage } }: TableFacts): string | undefined {
  return total_stage &&
    `${textOf(total_stage.column)} IN (${total_stage.values.map(quoteText).join(", ")})`;
}

export function allOf(...parts: (string | undefined)[]): string | undefined {
  const given = parts.filter((part) => part !== undefined);
  return given.length > 0 ? given.join(" AND ") : undefined;
}
