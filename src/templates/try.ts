import { asExternal, isUnavailable, type Sql, sqlState } from "../external/postgres/postgres.ts";
import type { Dashboard } from "../boards/compose.ts";
import { expandMacros, reasonOf as reasonOfQuery, refusalOf } from "../boards/query.ts";
import { type JsonObject, panelsIn, type Path, targetsOf } from "./json.ts";
import { partsOf } from "./sql.ts";
import { fillVariables } from "../boards/variables.ts";

/** `near`: the word at which PostgreSQL stopped; `foreign`: it uses something of Grafana's. */
export type Refused = {
  path: Path;
  panel: string;
  state: string;
  near: string | undefined;
  foreign: boolean;
};

/** A variable left in filled SQL, also in a string. */
function unfilledIn(sql: string, { templating }: Dashboard): string | undefined {
  const names = (templating?.list ?? []).map(({ name }) => name);
  const code = partsOf(sql).filter(({ kind }) => kind !== "comment").map(({ sql }) => sql).join("");
  return [...code.matchAll(/(?:\$\{?|\[\[)(\w+)/g)]
    .find(([, name]) => names.includes(name!) || name!.startsWith("__"))?.[0];
}

const isForeign = (sql: string) =>
  partsOf(sql).some(({ kind, sql }) => kind === "code" && /\$\w|\$\{|\[\[/.test(sql));

/** Lets PostgreSQL parse each query of a board without running it. Throws ExternalError. */
export async function refusedQueries(reader: Sql, board: Dashboard): Promise<Refused[]> {
  const range = { from: board.time?.from ?? "", to: board.time?.to ?? "" };
  const refused: Refused[] = [];
  for (const one of panelsIn(board as unknown as JsonObject)) {
    for (const { target, path } of targetsOf(one)) {
      if (typeof target.rawSql !== "string" || target.hide) continue;
      const sql = fillVariables(expandMacros(target.rawSql, range), board, {});
      const near = unfilledIn(sql, board);
      const fault = await faultOf(reader, sql) ?? (near && { state: UNFILLED, near });
      if (!fault) continue;
      const panel = String(one.panel.title || `panel ${one.panel.id}`);
      const foreign = isForeign(sql) || fault.state === UNFILLED;
      refused.push({ path: [...path, "rawSql"], panel, foreign, ...fault });
    }
  }
  return refused;
}

async function faultOf(reader: Sql, sql: string) {
  try {
    await reader.unsafe(sql).describe();
  } catch (error) {
    const state = sqlState(error);
    // A lock or a time limit is not the query's fault.
    if (state === undefined || isUnavailable(error) || /^5[57]/.test(state)) {
      throw asExternal(error);
    }
    return refusalOf(error, sql);
  }
}

/** In place of a SQLSTATE: PostgreSQL accepts the query with another meaning. */
const UNFILLED = "unfilled";

/** What is wrong with a query, and near which word. */
export function reasonOf({ state, near }: Refused): string {
  if (state !== UNFILLED) return reasonOfQuery({ state, near });
  return `has a variable as only Grafana fills it (the built-in board knows \`\${name:sqlstring}\`), near ${near}`;
}
