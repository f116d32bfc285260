import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import {
  type Document,
  faultsOf,
  flatten,
  type Operation,
  type Schema,
} from "../help/world/openapi.ts";
import { startWorld } from "../help/world/world.ts";

type Listed = { method: string; path: string; operation: Operation };

function operations({ paths }: Document): Listed[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation }))
  );
}

/** Every schema of the document, wherever it stands. */
function* schemasIn(value: unknown, at = "#"): Generator<[at: string, schema: Schema]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "schema") yield [`${at}/schema`, inner];
    if (name === "schemas") {
      for (const key of Object.keys(inner)) yield [`${at}/schemas/${key}`, inner[key]];
    }
    if (name === "properties") {
      for (const key of Object.keys(inner)) yield [`${at}/properties/${key}`, inner[key]];
    }
    if (name === "items") yield [`${at}/items`, inner];
    yield* schemasIn(inner, `${at}/${name}`);
  }
}

/** What OpenAPI 3.1 asks of a document: https://spec.openapis.org/oas/v3.1.0, of what is used here. */
function structuralFaults(document: Document): string[] {
  const faults: string[] = [];
  const need = (holds: unknown, what: string) => void (holds || faults.push(what));
  need(/^3\.1\.\d+$/.test(document.openapi), "openapi");
  need(document.info.title && document.info.version, "info");
  for (const { method, path, operation } of operations(document)) {
    const at = `${method} ${path}`;
    need(/^(get|put|post|delete|options|head|patch|trace)$/.test(method), `${at}: no method`);
    need(path.startsWith("/"), `${at}: no path`);
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    same(inPath.map(({ name }) => name), wanted, at);
    need(inPath.every(({ required }) => required === true), `${at}: a path parameter not required`);
    const names = (operation.parameters ?? []).map(({ name, in: where }) => `${where} ${name}`);
    equal(new Set(names).size, names.length, `${at}: one parameter twice`);
    for (const parameter of operation.parameters ?? []) {
      need(
        /^(query|path|header|cookie)$/.test(parameter.in),
        `${at}: ${parameter.name} is nowhere`,
      );
      need(parameter.schema, `${at}: ${parameter.name} has no schema`);
    }
    need(Object.keys(operation.responses).length > 0, `${at}: no answers`);
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      need(/^[1-5]\d\d$/.test(status) && description, `${at} ${status}: no description`);
      need(content || status === "204" || status === "304", `${at} ${status}: no content`);
    }
    if (operation.requestBody) need(operation.requestBody.content, `${at}: a body of nothing`);
  }
  for (const [at, schema] of schemasIn(document)) {
    const types = [flatten(document, schema).type ?? "none"].flat();
    need(
      types.every((type) => /^(string|integer|number|boolean|array|object|null)$/.test(`${type}`)),
      `${at}: ${types}`,
    );
    if (types.includes("array")) need(schema.items, `${at}: an array of what`);
  }
  for (const requirement of document.security) {
    for (const name of Object.keys(requirement)) {
      need(document.components.securitySchemes[name], `no security scheme ${name}`);
    }
  }
  return faults;
}

Deno.test("openapi.json is open to all and well formed", async () => {
  await using api = await startWorld();
  const { status, headers, body } = await api.send("GET", "/api/v1/openapi.json");
  equal(status, 200);
  match(headers.get("content-type")!, /^application\/json/);
  same(structuralFaults(body), []);
  same(body.servers, [{ url: "/api/v1" }]);
});

Deno.test("openapi.json names every route of the app, and no other", async () => {
  await using api = await startWorld();
  const routes = api.app.routes
    .filter(({ path, method }) => path.startsWith("/api/v1/") && method !== "ALL")
    .map(({ path, method }) =>
      `${method.toLowerCase()} ${path.replace("/api/v1", "").replace(/:(\w+)/g, "{$1}")}`
    )
    .filter((route) => route !== "get /openapi.json");
  const documented = operations(api.document).map(({ method, path }) => `${method} ${path}`);
  same([...new Set(routes)].sort(), documented.sort());
  ok(documented.length >= 23);
});

Deno.test("openapi.json tells of each route its key, its errors and examples of its input", async () => {
  await using api = await startWorld();
  const { document } = api;
  same(document.components.securitySchemes, { key: { type: "http", scheme: "bearer" } });
  same(document.security, [{ key: [] }]);
  for (const { method, path, operation } of operations(document)) {
    const at = `${method} ${path}`;
    ok(operation.summary, at);
    ok(operation.security === undefined, at);
    const statuses = Object.keys(operation.responses);
    const writing = method !== "get";
    const errors = [401, 422, 429, 500, 503, ...(path.includes("{") ? [400, 404] : [])];
    if (writing) errors.push(400, 413, 415);
    for (const status of errors) {
      const schema = operation.responses[status]?.content?.["application/json"]?.schema;
      same(schema, { $ref: "#/components/schemas/Error" }, `${at} ${status}`);
    }
    // An import may be tried out: 200, and nothing is made.
    const good = writing && path.endsWith("/imports") ? ["200", "201"] : undefined;
    const said = statuses.filter((status) => status.startsWith("2"));
    if (good) same(said, good, at);
    else equal(said.length, 1, at);
    const body = operation.requestBody?.content?.["application/json"]?.schema;
    if (!body) continue;
    const { properties, additionalProperties } = flatten(document, body);
    equal(additionalProperties, false, `${at} takes unknown fields`);
    for (const [name, field] of Object.entries(properties as Record<string, Schema>)) {
      const { enum: some, example, default: usual } = flatten(document, field);
      const shown = some ?? example ?? usual ?? (field.type === "boolean" || undefined);
      ok(shown !== undefined, `${at}: no example of ${name}`);
      if (example !== undefined) same(faultsOf(document, field, example), [], `${at} ${name}`);
    }
  }
});

Deno.test("openapi.json says which codes a creation and a change may be refused with", async () => {
  await using api = await startWorld();
  const statuses = (method: string, path: string) =>
    Object.keys(api.document.paths[path]![method]!.responses).map(Number);
  const name = "/users/{id}/credentials/{key_name}";
  for (
    const [method, path, wanted] of [
      ["post", "/users", [201, 403, 409]],
      ["get", "/users", [200, 403]],
      ["patch", "/users/{id}", [200, 403, 404, 409]],
      ["delete", "/users/{id}", [200, 403, 404, 409]],
      ["post", "/users/{id}/api-key", [201, 404, 409]],
      ["post", "/users/{id}/credentials", [201, 404, 409]],
      ["put", name, [200, 404]],
      ["delete", name, [204, 404]],
      ["post", `${name}/rollback`, [200, 404]],
      ["post", `${name}/test`, [200, 404, 409]],
      ["get", "/audit", [200, 403]],
      ["post", "/scan", [200, 403]],
      ["delete", "/dashboards/{id}", [204, 403, 404]],
    ] as const
  ) {
    const there = statuses(method, path);
    same(wanted.filter((status) => !there.includes(status)), [], `${method} ${path}`);
  }
});

Deno.test("faultsOf() sees what is missing, too much, or of another type", () => {
  const components = {
    securitySchemes: {},
    schemas: {
      Base: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
    },
  };
  const document = { components } as unknown as Document;
  const b = { type: ["string", "null"], format: "date-time" };
  const schema = {
    allOf: [{ $ref: "#/components/schemas/Base" }, {
      type: "object",
      properties: { b },
      required: ["b"],
    }],
  };
  const faults = (value: unknown) => faultsOf(document, schema, value).length;
  equal(faults({ a: 1, b: null }), 0);
  equal(faults({ a: 1, b: "2030-01-31T00:00:00Z" }), 0);
  equal(faults({ a: 1 }), 1);
  equal(faults({ a: 1.5, b: "soon" }), 2);
  equal(faults({ a: 1, b: null, c: 1 }), 1);
  equal(faults([]), 1);
});
