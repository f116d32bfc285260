import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { type Document, referenceOf } from "../../src/home/reference.ts";
import { startWorld } from "../help/world/world.ts";

Deno.test("referenceOf() shows each operation of the document, with a curl line and examples", async () => {
  await using world = await startWorld();
  const { groups, objects } = referenceOf(world.document as Document, "https://dk.test");
  const shown = groups.flatMap(({ operations }) => operations);
  const documented = Object.entries(world.document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`)
  );
  same(shown.map(({ method, path }) => `${method} ${path}`), documented);
  equal(new Set(shown.map(({ id }) => id)).size, shown.length);
  const names = objects.map(({ name }) => name);
  for (const { answers, parameters, curl, path } of shown) {
    for (const { ref } of [...answers, ...parameters]) {
      ok(ref === null || names.includes(ref), path);
    }
    ok(!/[{}]/.test(curl.split(" ").at(-1)!), curl);
  }
  const create = shown.find(({ method, path }) => method === "POST" && path === "/users")!;
  ok(create.curl.startsWith(`curl -X POST -H "Authorization: Bearer $DASHKEEPER_API_KEY"`));
  ok(create.curl.endsWith("https://dk.test/api/v1/users"));
  ok("username" in JSON.parse(create.body!.example));
});

Deno.test("referenceOf() puts schemas together, and ends where one contains itself", () => {
  const tree = {
    type: "object",
    required: ["name"],
    properties: {
      name: { type: "string", description: "Its name." },
      of: { anyOf: [{ $ref: "#/components/schemas/Tree" }, { type: "null" }] },
      many: { type: "array", items: { $ref: "#/components/schemas/Tree" } },
    },
  };
  const schema = { $ref: "#/components/schemas/Tree" };
  const content = { "application/json": { schema } };
  const { groups: [group], objects } = referenceOf({
    paths: { "/trees": { get: { responses: { 200: { description: "One.", content } } } } },
    components: { schemas: { Tree: tree } },
  }, "");
  same(objects[0]!.fields.map(({ name, type, ref }) => `${name}: ${type} ${ref}`), [
    "name: string null",
    "of: Tree or null Tree",
    "many: array of Tree Tree",
  ]);
  ok(group!.operations[0]!.example!.length < 5000);
});
