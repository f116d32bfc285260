import { Hono } from "hono";
import { connectionOf, sentenceOf } from "./query.ts";
import { type Datasource, newUid, Refusal, type State } from "./state.ts";
import { type Env, need } from "./tokens.ts";

const scope = (uid: string) => `datasources:uid:${uid}`;

/** /api/datasources */
export function datasourceRoutes(state: State) {
  const { datasources } = state;
  return new Hono<Env>()
    .get("/", need("datasources:read"), (c) =>
      c.json([...datasources.values()].map((source) => {
        const { withCredentials: _w, secureJsonFields: _s, version: _v, ...item } = shown(source);
        return { ...item, typeName: "PostgreSQL" };
      })))
    .post("/", need("datasources:create"), async (c) => {
      const body = await read(c.req.json());
      const uid = body.uid || newUid();
      checkName(state, body.name);
      if (datasources.has(uid)) {
        throw conflict("data source with the same uid already exists");
      }
      const source = { ...asked(body), id: state.nextId(), uid, version: 1 };
      datasources.set(uid, source);
      return c.json(changed(source, "Datasource added"));
    })
    .get("/name/:name", need("datasources:read"), (c) => {
      const name = c.req.param("name");
      return c.json(shown(found([...datasources.values()].find((one) => one.name === name))));
    })
    .get(
      "/uid/:uid",
      need("datasources:read", scope),
      (c) => c.json(shown(found(datasources.get(c.req.param("uid"))))),
    )
    .put("/uid/:uid", need("datasources:write", scope), async (c) => {
      const old = found(datasources.get(c.req.param("uid")));
      const body = await read(c.req.json());
      if (body.version && body.version !== old.version) {
        throw conflict(
          "Datasource has already been updated by someone else. Please reload and try again",
        );
      }
      checkName(state, body.name, old);
      const uid = body.uid || old.uid;
      if (uid !== old.uid && datasources.has(uid)) {
        throw conflict("data source with the same uid already exists");
      }
      const source = { ...asked(body), id: old.id, uid, version: old.version + 1 };
      source.secureJsonData = { ...old.secureJsonData, ...source.secureJsonData };
      datasources.delete(old.uid);
      datasources.set(uid, source);
      return c.json(changed(source, "Datasource updated"));
    })
    .delete("/uid/:uid", need("datasources:delete", scope), (c) => {
      const { id, uid } = found(datasources.get(c.req.param("uid")));
      datasources.delete(uid);
      return c.json({ id, message: "Data source deleted" });
    })
    .get("/uid/:uid/health", need("datasources:query", scope), async (c) => {
      const source = found(datasources.get(c.req.param("uid")));
      await using db = connectionOf(source, state.ended);
      try {
        await db`select 1`;
        return c.json({ message: "Database Connection OK", status: "OK" });
      } catch (error) {
        return c.json({ message: sentenceOf(error), status: "ERROR" }, 400);
      }
    });
}

type Body = Partial<Datasource> & { name: string; type: string };

async function read(json: Promise<Body>): Promise<Body> {
  const body = await json.catch(() => undefined);
  if (body?.name && body.type && body.access) return body;
  throw new Refusal(400, { message: "bad request data", traceID: "" });
}

const conflict = (message: string) => new Refusal(409, { message, traceID: "" });

function checkName({ datasources }: State, name: string, but?: Datasource) {
  for (const source of datasources.values()) {
    if (source.name === name && source !== but) {
      throw conflict("data source with the same name already exists");
    }
  }
}

function found(source: Datasource | undefined): Datasource {
  if (source) return source;
  throw new Refusal(404, { message: "Data source not found" });
}

function asked(body: Body): Omit<Datasource, "id" | "uid" | "version"> {
  const { name, type, access = "proxy", url = "", user = "", database = "" } = body;
  const { isDefault = false, jsonData = {}, secureJsonData = {} } = body;
  return { name, type, access, url, user, database, isDefault, jsonData, secureJsonData };
}

/** Without its secrets: only which there are. */
function shown({ secureJsonData, ...source }: Datasource) {
  return {
    ...source,
    orgId: 1,
    typeLogoUrl: "",
    basicAuth: false,
    basicAuthUser: "",
    withCredentials: false,
    secureJsonFields: Object.fromEntries(Object.keys(secureJsonData).map((key) => [key, true])),
    readOnly: false,
  };
}

function changed(source: Datasource, message: string) {
  const { id, name } = source;
  return { datasource: shown(source), id, message, name };
}
