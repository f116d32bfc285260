import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { timingDatabase } from "../help/grafana/database.ts";
import { type StandIn, startGrafana } from "../help/grafana/grafana.ts";

type Exchange = {
  name: string;
  request: { method: string; path: string; authorization?: string; body?: unknown; raw?: string };
  response: { status: number; headers: Record<string, string>; body?: unknown; text?: string };
};

const FILE = new URL("../../../shared/data/grafana/api-9.4.json", import.meta.url);

async function recordings(): Promise<Exchange[]> {
  const text = await Deno.readTextFile(FILE).catch(() => {
    throw new Error(`The recorded answers are missing: put them into ${FILE.pathname}`);
  });
  return JSON.parse(text);
}

/** What is not sent, and why. */
const LEFT_OUT: [path: RegExp, reason: string][] = [
  [/^\/api\/serviceaccounts/, "The product makes no tokens: a person does; here the test does."],
  [/^\/api\/frontend\/settings/, "Only Grafana's own page asks for it."],
  [/^\/render\//, "The product has a browser of its own; what this answers proves nothing."],
];

/** Values that differ from run to run, or from server to server: only their types are compared. */
const VOLATILE = new Set(["id", "folderId", "created", "updated", "accessErrorId"]);

/** What both answers must agree in: keys, types, and all words and numbers that are not volatile. */
function shapeOf(value: unknown, key = ""): unknown {
  if (VOLATILE.has(key)) return typeof value;
  if (key === "values") return (value as unknown[][]).map((column) => typeof column[0]);
  if (key === "executedQueryString") {
    return String(value).replace(/'\d{4}-\d\d-\d\dT[^']*Z'/g, "'time'");
  }
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item, key)]));
}

/** Actions with their scopes, without those of single folders and dashboards: there are others here. */
function permissionsShape(body: unknown): unknown {
  return Object.fromEntries(
    Object.entries(body as Record<string, string[]>).map(([action, scopes]) => {
      const common = scopes.filter((scope) =>
        !/^(folders|dashboards):uid:(?!general$)/.test(scope)
      );
      return [action, [...new Set(common)].sort()];
    }),
  );
}

/** What was there before the first recorded call; of its dashboards one was moved to General. */
function former(grafana: StandIn) {
  grafana.addFolder("trials", "famwsj2w3a");
  grafana.addDashboard({ uid: "smoke-postgres", title: "smoke" });
  const folder = grafana.addFolder("ada mwsj1k7h");
  const tags = ["dashkeeper", "timing", "ada"];
  const { uid } = grafana.addDashboard({
    ...{ uid: "dk-b10-mwsj1k7h", title: "b10 mwsj1k7h", folderUid: folder.uid, tags },
  });
  grafana.move(uid, "");
  grafana.remove(folder.uid);
}

/** The recording's tokens, and what is done to them between its calls. */
function tokensOf(grafana: StandIn) {
  const { admin: Admin, editor: Editor, viewer: Viewer } = grafana.tokens;
  const gone = grafana.addToken("Admin");
  const short = grafana.addToken("Admin");
  return {
    ...{ Admin, Editor, Viewer, to_be_revoked: gone, of_one_second: short },
    before: {
      "org with a revoked token": () => grafana.revoke(gone),
      "org with an expired token": () => grafana.expire(short),
      "dashboard as Editor, 40 s later": () => grafana.forgetRights(),
    } as Record<string, () => void>,
  };
}

Deno.test("startGrafana() answers each recorded call as the recorded Grafana did", async () => {
  await using grafana = await startGrafana({ rightsSeconds: 60 });
  await using names = await timingDatabase();
  const tokens: Record<string, unknown> & ReturnType<typeof tokensOf> = tokensOf(grafana);
  former(grafana);
  const left = new Set<RegExp>();
  let compared = 0;
  for (const { name, request, response } of await recordings()) {
    const leftOut = LEFT_OUT.find(([path]) => path.test(request.path))?.[0];
    if (leftOut) {
      left.add(leftOut);
      continue;
    }
    tokens.before[name]?.();
    const { method, path, authorization, body, raw } = request;
    const sent = body === undefined ? raw : JSON.stringify(body);
    const answer = await fetch(grafana.url + path, {
      method,
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        ...(authorization
          ? {
            authorization: authorization.replace(
              /glsa_token_(\w+)/,
              (all, role) => String(tokens[role] ?? all),
            ),
          }
          : {}),
      },
      ...(sent === undefined ? {} : { body: names.there(sent) }),
    });
    const text = names.back(await answer.text());
    const what = `${name}: ${method} ${path} ${text.slice(0, 200)}`;
    equal(answer.status, response.status, what);
    equal(answer.headers.get("location"), response.headers.location ?? null, what);
    const [type] = response.headers["content-type"]!.split(";");
    equal(answer.headers.get("content-type")?.split(";")[0], type, what);
    if (response.body !== undefined) {
      const shape = path.endsWith("/permissions") && path.includes("access-control")
        ? permissionsShape
        : (body: unknown) => shapeOf(body);
      same(shape(JSON.parse(text)), shape(response.body), what);
    } else if (type !== "text/html" || response.status !== 200) {
      equal(text, response.text, what);
    } else ok(text.startsWith('<!doctype html><html lang="en"><head>'), what);
    compared++;
  }
  equal(left.size, LEFT_OUT.length, "each kind that is left out is in the recordings");
  ok(compared >= 100, `${compared} exchanges were compared`);
});
