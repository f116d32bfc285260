import { ParseError } from "../format.ts";
import { numberOf } from "../numbers.ts";
import type { pathWriter } from "./paths.ts";

const HEADERS: Record<string, "end" | "summary" | "slack_only"> = {
  "Endpoint Delay Delay Slack": "end",
  "Startpoint Endpoint Slack": "summary",
  "Group Slack": "slack_only",
};
const NAME = String.raw`(\S+)(?: \([^)]*\))?`;
const NUMBER = String.raw`\s+([-+]?(?:[\d.]+(?:e[-+]?\d+)?|INF|NaN))`;
const ROWS = {
  end: new RegExp(`^${NAME}${NUMBER}${NUMBER}${NUMBER}(?: \\((?:MET|VIOLATED)\\))?$`, "i"),
  summary: new RegExp(`^${NAME}\\s+${NAME}${NUMBER}$`, "i"),
  slack_only: new RegExp(`^(\\S+(?: \\S+)*)${NUMBER}$`, "i"),
};

/** Reads `report_checks` of -format end, summary and slack_only. */
export function listReader(writer: ReturnType<typeof pathWriter>, hasFullPaths: () => boolean) {
  let form: keyof typeof ROWS | null = null;
  let group: string | null = null;
  let path_type: string | null = null;
  return {
    /** True: the line belongs to a list of paths. */
    line(text: string, number: number): boolean {
      const [, kind, name] = /^(max|min)_delay\/(?:setup|hold) group (.+)$/.exec(text) ?? [];
      if (kind) {
        [path_type, group, form] = [kind, name!, null];
        return true;
      }
      const header = /^(?:Endpoint|Startpoint|Group) /.test(text) &&
        HEADERS[text.replace(/\s+/g, " ")];
      if (header && (header !== "end" || group)) {
        form = header;
        return true;
      }
      if (!form || /^-+$/.test(text)) return form !== null;
      const row = ROWS[form].exec(text);
      if (!row) {
        throw new ParseError("The list of paths ends within a row. Is the file cut?", number);
      }
      // A summary after the paths themselves lists the same ones.
      if (form === "end" || !hasFullPaths()) {
        writer.write(pathOf(form, row, group, path_type), false);
      }
      return true;
    },
    blank() {
      form = null;
    },
  };
}

function pathOf(
  form: keyof typeof ROWS,
  [, first, ...rest]: string[],
  path_group: string | null,
  path_type: string | null,
) {
  const slack = numberOf(rest.at(-1)!);
  if (form === "slack_only") {
    return { path_group: first!, path_type: null, startpoint: "", endpoint: null, slack };
  }
  if (form === "summary") {
    return { path_group: null, path_type: null, startpoint: first!, endpoint: rest[0]!, slack };
  }
  const [required, arrival] = [numberOf(rest[0]!), numberOf(rest[1]!)];
  return { path_group, path_type, startpoint: "", endpoint: first!, slack, required, arrival };
}
