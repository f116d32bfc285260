import { z } from "@hono/zod-openapi";
import { KeyNumber } from "../measures/number.ts";
import { KINDS } from "../workspaces/names.ts";

const Warning = z.object({ line: z.int().nullable(), message: z.string() });

const WrittenTable = z.object({
  kind: z.enum(KINDS),
  schema_name: z.string(),
  table_name: z.string(),
  rows: z.int(),
  created: z.boolean(),
}).openapi("ImportedTable");

export const ImportResult = z.object({
  run_id: z.string(),
  imports: z.array(z.object({
    import_id: z.int().nullable().openapi({ description: "null: a dry run." }),
    file: z.string().nullable(),
    format: z.string(),
    tool: z.string().nullable(),
    tables: z.array(WrittenTable),
    numbers: z.array(KeyNumber).openapi({
      description: "As the tables' dashboards show them; empty for a dry run.",
    }),
    warnings: z.array(Warning),
  })),
  dashboard_ids: z.array(z.int()),
}).openapi("ImportResult");
export type ImportResult = z.infer<typeof ImportResult>;

export const ListedImport = z.object({
  id: z.int(),
  user_id: z.int(),
  username: z.string(),
  imported_by: z.string(),
  imported_at: z.iso.datetime(),
  file: z.string().nullable(),
  format: z.string(),
  tool: z.string().nullable(),
  run_id: z.string(),
  rows: z.int(),
  tables: z.array(WrittenTable),
  warnings: z.array(Warning),
}).openapi("Import");
