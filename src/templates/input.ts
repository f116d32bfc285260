import { z } from "@hono/zod-openapi";
import { KINDS } from "../workspaces/names.ts";

export const TemplateKind = z.enum([...KINDS, "any"]).openapi({
  description: "The kind of tables that it draws.",
});

/** Composed letters only, so that no two names look alike. */
const PLAIN = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,98}[\p{L}\p{N}._-])?$/u;
export const Name = z.string().refine(
  (name) => PLAIN.test(name) && name === name.normalize("NFKC"),
  "A name has 1 to 100 plain letters, digits, spaces, dots, - and _, a letter or digit first.",
).openapi({ example: "Paths of ada" });

/** Characters that are invisible or that no table name has. */
// deno-lint-ignore no-control-regex
const UNSEEN = /[\0-\x1f\x7f\u{d800}-\u{dfff}]/u;
export const Pattern = z.string().refine(
  (pattern) => pattern.length > 0 && pattern.length <= 100 && !UNSEEN.test(pattern),
  "A pattern has 1 to 100 characters; * matches any text, ? one character.",
).openapi({ example: "paths_*" });

export const NewChoice = z.strictObject({
  user_id: z.int().positive().max(Number.MAX_SAFE_INTEGER).nullable().default(null),
  kind: z.enum(KINDS).nullable().default(null),
  pattern: Pattern.nullable().default(null),
}).refine(
  ({ user_id, kind, pattern }) => user_id !== null || kind !== null || pattern !== null,
  "A choice names a user, a kind or a pattern.",
);

export const Choices = z.array(NewChoice)
  .refine((choices) => choices.length <= 100, "At most 100 choices.").openapi({
    description:
      "The tables that it draws: of this user, of this kind, and whose name fits this pattern. " +
      "What is null is of no account. Of several templates the most specific one is taken: user and " +
      "pattern, then user and kind, user, pattern and kind, pattern, kind; of two patterns the one with " +
      "more characters of its own. A template draws tables of its own kind only.",
    example: [{ user_id: null, kind: "timing", pattern: "paths_*" }],
  });

const scalars = ["null", "boolean", "number", "string"] as const;
const fields = { additionalProperties: { $ref: "#/components/schemas/Json" } };
const inner = { type: [...scalars, "object" as const], ...fields };
/** Any JSON; the OpenAPI document allows deeply nested arrays in objects only. */
const Json = z.unknown().openapi("Json", {
  type: [...inner.type, "array"],
  items: { type: [...inner.type, "array"], items: inner, ...fields },
  ...fields,
});

export const NewTemplate = z.strictObject({
  name: Name,
  kind: TemplateKind,
  dashboard: z.object({}).catchall(Json).refine(
    (given) => ["panels", "rows", "dashboard"].some((name) => Object.hasOwn(given, name)),
    "This is no dashboard of Grafana's with panels; of its V2 model, export the classic one.",
  ).openapi({
    description:
      "A dashboard's JSON as Grafana exports it. `${table}`, `${schema}` and `${datasource}` " +
      "are filled in for each board: in SQL as quoted identifiers (`${table}` with its schema unless " +
      "with `${schema}.` before it; `'${table}'` as a text), " +
      "elsewhere as they are. uid, title, tags and time range are the board's own.",
    example: { panels: [] },
  }),
  choose: Choices.optional(),
}).openapi("NewTemplate");

const issues = z.array(z.object({ path: z.string(), message: z.string() }));

export const Template = z.object({
  id: z.int().openapi({ description: "The built-in ones have ids up to 100." }),
  name: z.string(),
  kind: TemplateKind,
  built_in: z.boolean(),
  version: z.int(),
}).openapi("Template");

export const TemplateDetails = Template.extend({
  dashboard: z.object({}).catchall(Json).nullable().openapi({
    description: "null: a built-in one is composed anew from each table's columns.",
  }),
  shown_version: z.int().openapi({ description: "Whose `dashboard` and `warnings` these are." }),
  warnings: issues,
  versions: z.array(z.object({
    version: z.int(),
    created_at: z.iso.datetime(),
    created_by: z.string(),
  })),
  chosen: z.array(z.object({
    user_id: z.int().nullable(),
    username: z.string().nullable(),
    kind: z.enum(KINDS).nullable(),
    pattern: z.string().nullable(),
  })),
  boards: z.array(z.object({
    id: z.int(),
    username: z.string(),
    kind: z.enum(KINDS),
    schema_name: z.string(),
    table_name: z.string(),
    note: z.string().nullable().openapi({ description: "Why the built-in template drew it." }),
  })).openapi({ description: "The dashboards that took it at their last run; at most 200." }),
}).openapi("TemplateDetails");
