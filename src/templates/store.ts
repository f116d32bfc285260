import type { Issue } from "../errors.ts";
import type { Db } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";
import type { JsonObject } from "./json.ts";

export type TemplateKind = Kind | "any";
export type TemplateRow = {
  id: number;
  name: string;
  kind: TemplateKind;
  version: number;
  created_at: string;
  updated_at: string;
};
/** Where a template is chosen; null matches everything. */
export type Choice = { user_id: number | null; kind: Kind | null; pattern: string | null };
export type Version = { version: number; created_at: string; created_by: string };
export type Content = { dashboard: JsonObject; warnings: Issue[] };

const columns = (db: Db) => db`id, name, kind, version, created_at, updated_at`;
const json = (value: unknown) => JSON.stringify(value);

export async function listTemplates(db: Db): Promise<TemplateRow[]> {
  return await db<TemplateRow[]>`select ${columns(db)} from templates order by name`;
}

export async function findTemplate(db: Db, id: number): Promise<TemplateRow | undefined> {
  const [row] = await db<TemplateRow[]>`select ${columns(db)} from templates where id = ${id}`;
  return row;
}

/** Throws a unique violation where the name is taken. */
export async function insertTemplate(
  db: Db,
  { name, kind }: Pick<TemplateRow, "name" | "kind">,
): Promise<TemplateRow> {
  const [row] = await db<TemplateRow[]>`
    insert into templates (name, kind) values (${name}, ${kind}) returning ${columns(db)}`;
  return row!;
}

/** Increments the version and locks the row. */
export async function renewTemplate(
  db: Db,
  id: number,
  { name, kind }: Pick<TemplateRow, "name" | "kind">,
): Promise<TemplateRow | undefined> {
  const [row] = await db<TemplateRow[]>`
    update templates set name = ${name}, kind = ${kind}, version = version + 1, updated_at = now()
    where id = ${id} returning ${columns(db)}`;
  return row;
}

export async function lockTemplate(db: Db, id: number): Promise<TemplateRow | undefined> {
  const [row] = await db<TemplateRow[]>`
    select ${columns(db)} from templates where id = ${id} for update`;
  return row;
}

export async function deleteTemplate(db: Db, id: number): Promise<TemplateRow | undefined> {
  const [row] = await db<TemplateRow[]>`
    delete from templates where id = ${id} returning ${columns(db)}`;
  return row;
}

export async function insertVersion(
  db: Db,
  { id, version }: Pick<TemplateRow, "id" | "version">,
  { dashboard, warnings }: Content,
  by: string,
): Promise<void> {
  await db`
    insert into template_versions (template_id, version, dashboard, warnings, created_by)
    values (${id}, ${version}, ${json(dashboard)}::text::jsonb, ${
    json(warnings)
  }::text::jsonb, ${by})`;
}

export async function findVersion(
  db: Db,
  id: number,
  version: number,
): Promise<Content | undefined> {
  const [row] = await db<Content[]>`
    select dashboard, warnings from template_versions
    where template_id = ${id} and version = ${version}`;
  return row;
}

export async function versionsOf(db: Db, id: number): Promise<Version[]> {
  return await db<Version[]>`
    select version, created_at, created_by from template_versions
    where template_id = ${id} order by version desc`;
}

export async function listChoices(db: Db, id?: number) {
  return await db<(Choice & { template_id: number; username: string | null })[]>`
    select c.template_id, c.user_id, u.username, c.kind, c.pattern
    from template_choices c left join users u on u.id = c.user_id
    ${id === undefined ? db`` : db`where c.template_id = ${id}`}
    order by u.username nulls first, c.pattern nulls first, c.kind nulls first`;
}

export async function deleteChoices(db: Db, id: number): Promise<void> {
  await db`delete from template_choices where template_id = ${id}`;
}

/** False: another template is chosen there. Throws SQLSTATE 23503 where there is no such user. */
export async function insertChoice(db: Db, id: number, { user_id, kind, pattern }: Choice) {
  const { count } = await db`
    insert into template_choices (template_id, user_id, kind, pattern)
    values (${id}, ${user_id}, ${kind}, ${pattern})
    on conflict do nothing`;
  return count === 1;
}

export type Chosen = { id: number; name: string; version: number; dashboard: JsonObject };
type Table = { user_id: number; kind: Kind; table_name: string };

/**
 * The newest version of the template chosen for a table. A user counts more than a pattern, a pattern more
 * than a kind; then the pattern with more literal characters, then the newest choice.
 */
export async function chosenFor(
  db: Db,
  { user_id, kind, table_name }: Table,
): Promise<Chosen | undefined> {
  const [row] = await db<Chosen[]>`
    select t.id, t.name, t.version, v.dashboard
    from template_choices c
      join templates t on t.id = c.template_id
      join template_versions v on v.template_id = t.id and v.version = t.version
    where t.kind in ('any', ${kind})
      and (c.user_id is null or c.user_id = ${user_id})
      and (c.kind is null or c.kind = ${kind})
      and (c.pattern is null or ${table_name}::text like replace(replace(
        regexp_replace(c.pattern, '([%_\\\\])', '\\\\\\1', 'g'), '*', '%'), '?', '_'))
    order by (c.user_id is not null)::int * 4 + (c.pattern is not null)::int * 2
        + (c.kind is not null)::int desc,
      length(translate(c.pattern, '*?', '')) desc nulls last, c.id desc
    limit 1`;
  return row;
}

/** The id where there still is such a template, else null. */
export const idIfKept = (db: Db, id: number | null) =>
  db`(select id from templates where id = ${id})`;
