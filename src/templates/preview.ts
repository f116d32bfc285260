import { isSigned, sign } from "../credentials/sign.ts";
import { AppError } from "../errors.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import type { Kind } from "../workspaces/names.ts";
import { composeDashboard, type Dashboard, timeRange } from "../boards/compose.ts";
import { readTable } from "../measures/read.ts";
import { runPanel, runVariable } from "../boards/query.ts";
import { fillTemplate, unfolded } from "./fill.ts";
import type { JsonObject } from "./json.ts";
import { SAMPLE_TABLES, SAMPLES } from "./sample_rows.ts";
import { type Deps, rolledBack, withSamples } from "./samples.ts";
import type { TemplateKind } from "./store.ts";
import { type Refused, refusedQueries } from "./try.ts";
import type { Question } from "../boards/variables.ts";

export type Drawn =
  | { built_in: true; name: string; table: string }
  | { built_in: false; name: string; kind: TemplateKind; dashboard: JsonObject };

const placeOf = (name: string) => ({
  uid: "dk-preview",
  title: `Template ${name}`,
  tags: ["dashkeeper", "sample"],
  datasource: { type: "postgres", uid: "dk-samples" },
});

const readSample = (reader: Sql, table: string, kind: Kind) =>
  readTable(reader, SAMPLES, table, kind);

/** A template's board on the best-fitting sample table, and the queries that fail there. */
export async function onBestSample(
  reader: Sql,
  { name, kind, dashboard }: { name: string; kind: TemplateKind; dashboard: JsonObject },
): Promise<{ board: Dashboard; refused: Refused[] }> {
  let best: { board: Dashboard; refused: Refused[] } | undefined;
  for (const sample of SAMPLE_TABLES) {
    if (kind !== "any" && sample.kind !== kind) continue;
    const facts = await readSample(reader, sample.table, sample.kind);
    const named = { table: sample.table, schema: SAMPLES };
    const board = fillTemplate(dashboard, named, placeOf(name), timeRange(facts));
    const refused = await refusedQueries(reader, board);
    if (!best || refused.length < best.refused.length) best = { board, refused };
    if (refused.length === 0) break;
  }
  return best!;
}

async function composed(reader: Sql, drawn: Drawn): Promise<Dashboard> {
  if (!drawn.built_in) return unfolded((await onBestSample(reader, drawn)).board);
  const { kind } = SAMPLE_TABLES.find(({ table }) => table === drawn.table)!;
  const board = composeDashboard(await readSample(reader, drawn.table, kind), placeOf(drawn.name));
  return JSON.parse(JSON.stringify(board)); // as it would be stored
}

export function previewBoard(deps: Deps, drawn: Drawn): Promise<Dashboard> {
  return withSamples(deps, (reader) => composed(reader, drawn));
}

/** Answers a preview's page as the boards do. Throws ExternalError. */
export function queryPreview(deps: Deps, drawn: Drawn, question: Question, signal: AbortSignal) {
  return withSamples(deps, async (reader) => {
    const board = await composed(reader, drawn);
    return await rolledBack(
      reader,
      (tx) =>
        "variable" in question
          ? runVariable(tx, board, question.variable, signal)
          : runPanel(tx, board, question.panel_id, signal, question.variables),
    );
  });
}

const HOUR_SECONDS = 3600;
const signedText = (id: number, version: number, expires: number) =>
  `template ${id} version ${version} until ${expires}`;

/** A preview's signature, valid for an hour and for this version. */
export async function signPreview(key: CryptoKey, id: number, version: number, now = Date.now()) {
  const expires = Math.floor(now / 1000) + HOUR_SECONDS;
  return `${version}.${expires}.${await sign(key, signedText(id, version, expires))}`;
}

/** The version of a signature. Throws 403 `link_expired`. */
export async function signedVersion(
  key: CryptoKey,
  id: number,
  signature: string,
  now = Date.now(),
): Promise<number> {
  const [, version, seconds, hmac] = /^(\d{1,9})\.(\d{1,12})\.([\w-]{43})$/.exec(signature) ?? [];
  const text = signedText(id, Number(version), Number(seconds));
  if (hmac && Number(seconds) * 1000 >= now && await isSigned(key, text, hmac)) {
    return Number(version);
  }
  throw new AppError("link_expired", 403, "This preview is an old one: open it again.");
}
