import { ExternalError } from "../errors.ts";
import type { Datasource, StoredDatasource } from "../external/grafana/datasources.ts";
import type { Grafana } from "../external/grafana/grafana.ts";

/** Grafana knows more than one type name of PostgreSQL: the second since 10.2.2. */
const TYPES = ["postgres", "grafana-postgresql-datasource"];
const MOST_NUMBERS = 20;

/** The name, then with numbers and finally the uid, for when others use it. */
export function numbered(name: string, uid: string): string[] {
  const more = Array.from({ length: MOST_NUMBERS }, (_, i) => `${name} ${i + 2}`);
  return [name, ...more, `${name} ${uid}`];
}

const bears = (found: string, name: string) =>
  found === name ||
  (found.startsWith(`${name} `) && /^(\d+|dk-\S+)$/.test(found.slice(name.length + 1)));

/** Finds, renames or creates it. Throws a transient ExternalError `title_taken`. */
export async function ensureFolder(
  grafana: Grafana,
  uid: string,
  title: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await grafana.findFolder(uid, signal);
  if (found && bears(found.title, title)) return;
  for (const name of numbered(title, uid)) {
    const done = found
      ? await grafana.renameFolder(uid, name, found.version, signal)
      : await grafana.makeFolder(uid, name, signal);
    if (done === "made") return;
  }
  const sentence = `All titles for the folder ${title} are taken: rename one of the others.`;
  throw new ExternalError("Grafana", sentence, false, { code: "title_taken" });
}

export function differences(found: StoredDatasource, wanted: Datasource) {
  const pairs: [string, unknown, unknown][] = [
    ["name", wanted.name, bears(found.name, wanted.name) ? wanted.name : found.name],
    ["type", "postgres", TYPES.includes(found.type) ? "postgres" : found.type],
    ["access", wanted.access, found.access],
    ["url", wanted.url, found.url],
    ["user", wanted.user, found.user],
    ["password", "set", found.hasPassword ? "set" : "not set"],
    ...Object.entries(wanted.jsonData).map(([name, value]): [string, unknown, unknown] => [
      name,
      value,
      found.jsonData[name],
    ]),
  ];
  return pairs.filter(([, a, b]) => a !== b)
    .map(([what, expected, found]) => ({
      what,
      expected: `${expected}`,
      found: `${found ?? "nothing"}`,
    }));
}

/**
 * Finds, repairs or creates a data source and queries through it; returns its name. Throws a transient
 * ExternalError `datasource_silent`, with Grafana's message, where the query fails.
 */
export async function ensureDatasource(
  grafana: Grafana,
  wanted: Datasource,
  password: string,
  signal: AbortSignal,
): Promise<string> {
  const found = await grafana.findDatasource(wanted.uid, signal);
  const isRight = found && differences(found, wanted).length === 0;
  let name = isRight ? found.name : await write(grafana, found, wanted, password, signal);
  let fault = await grafana.query(wanted.uid, "select 1", signal);
  // Grafana never returns the password.
  if (fault !== undefined && isRight) {
    name = await write(grafana, found, wanted, password, signal);
    fault = await grafana.query(wanted.uid, "select 1", signal);
  }
  if (fault !== undefined) throw silent(wanted, fault);
  return name;
}

async function write(
  grafana: Grafana,
  found: StoredDatasource | undefined,
  wanted: Datasource,
  password: string,
  signal: AbortSignal,
): Promise<string> {
  const names = numbered(wanted.name, wanted.uid);
  if (found && bears(found.name, wanted.name)) names.unshift(found.name);
  let there = found !== undefined;
  for (const name of names) {
    const type = found && TYPES.includes(found.type) ? found.type : wanted.type;
    const jsonData = { ...found?.jsonData, ...wanted.jsonData };
    const source = { ...wanted, name, type, jsonData };
    let done = there
      ? await grafana.changeDatasource(source, password, signal)
      : await grafana.makeDatasource(source, password, signal);
    if (done === "uid_taken" || done === "gone") {
      there = done === "uid_taken"; // made, or deleted, a moment ago
      done = there
        ? await grafana.changeDatasource(source, password, signal)
        : await grafana.makeDatasource(source, password, signal);
    }
    // Another process may have created it at this moment.
    if (done === "name_taken" && !there && await grafana.findDatasource(wanted.uid, signal)) {
      there = true;
      done = await grafana.changeDatasource(source, password, signal);
    }
    if (done === "written") return name;
  }
  throw new ExternalError("Grafana", "The data source was changed by somebody else.", false);
}

const OUT_OF_REACH =
  /connect|refused|dial|no such host|lookup|time-?out|unreachable|no route|server log|EOF|reset/i;

function silent({ url }: Datasource, fault: string): ExternalError {
  const sentence = OUT_OF_REACH.test(fault) && !/password|does not exist|permission/i.test(fault)
    ? `Grafana cannot reach the database at ${url}, though Dashkeeper can: set GRAFANA_DB_HOST and GRAFANA_DB_PORT to its address as Grafana sees it. Grafana says: ${fault}`
    : `The database does not answer Grafana's query: ${fault}`;
  return new ExternalError("Grafana", sentence, false, { code: "datasource_silent" });
}
