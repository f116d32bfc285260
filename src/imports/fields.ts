import { z } from "@hono/zod-openapi";
import { AppError, type Issue } from "../errors.ts";
import { KINDS } from "../workspaces/names.ts";

const text = (most: number, example: string) =>
  z.string().min(1).max(most).regex(/^[^\0]*$/, "must be text without NUL").optional()
    .openapi({ example });
const flag = (description: string) =>
  z.enum(["true", "false"]).default("false").transform((text) => text === "true")
    .openapi({ type: "boolean", description });

const MOST_TABLE_BYTES = 63;
const fits = (name: string) => new TextEncoder().encode(name).length <= MOST_TABLE_BYTES;

/** What a call says of its files, in its address or as fields of its form. */
export const ImportFields = z.strictObject({
  design: text(200, "gcd"),
  platform: text(200, "sky130hd"),
  variant: text(200, "base"),
  stage: text(200, "finish"),
  corner: text(200, "ss_100C_1v60"),
  run_id: text(200, "build-1042"),
  run_ts: z.iso.datetime({ offset: true, local: true })
    .refine((time) => /^(?:19[7-9]|[2-9]\d)/.test(time), "must lie between 1970 and 9999")
    .optional().openapi({ example: "2026-03-01T02:00:00Z" }),
  git_commit: text(200, "9f3ab12cd"),
  tool_version: text(200, "2.0-17000"),
  kind: z.enum(KINDS).optional().openapi({ description: "Database; by default the format's." }),
  table: z.string().min(1).regex(/^[^\0]*$/, "must be text without NUL")
    .refine(fits, "must have at most 63 bytes").optional()
    .openapi({ example: "my_paths", description: "Table in place of the format's." }),
  format: text(100, "opensta-report_checks"),
  file: text(255, "6_report.log"),
  more: flag("Further files of the run follow: it is not reported yet."),
  append: flag("Add to the rows of the same run instead of replacing them."),
  dry_run: flag("Read the files and write nothing."),
});
export type ImportFields = z.infer<typeof ImportFields>;

/** The fields of address and form together. Throws 422. */
export function fieldsOf(
  query: Record<string, string>,
  form: [name: string, value: string][],
): ImportFields {
  const all = new Map(Object.entries(query));
  const twice: Issue[] = [];
  for (const [name, value] of form) {
    if (all.has(name) && all.get(name) !== value) {
      twice.push({ path: name, message: "is given twice with different values" });
    }
    all.set(name, value);
  }
  const result = ImportFields.safeParse(Object.fromEntries(all));
  const issues = [...twice, ...result.error?.issues.flatMap(issuesOf) ?? []];
  if (issues.length === 0) return result.data!;
  throw new AppError("invalid_input", 422, "The input is invalid, see `issues`.", { issues });
}

function issuesOf(issue: { path: PropertyKey[]; message: string; keys?: string[] }): Issue[] {
  if (!issue.keys) return [{ path: issue.path.join("."), message: issue.message }];
  return issue.keys.map((path) => ({ path, message: "There is no such field." }));
}
