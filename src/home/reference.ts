type Schema = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  example?: unknown;
  default?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: boolean | Schema;
};
type Content = { content?: Record<string, { schema?: Schema }> };
type Described = Content & {
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content & { description?: string }>;
};
/** As much of the OpenAPI document as the page shows. */
export type Document = {
  paths?: Record<string, Record<string, Described>>;
  components?: { schemas?: Record<string, Schema> };
};

/** `ref`: the object's name among the schemas. */
export type Field = {
  name: string;
  type: string;
  ref: string | null;
  required: boolean;
  description: string;
};
export type Operation = {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  parameters: (Field & { in: string; value: string })[];
  body: { fields: Field[]; example: string } | null;
  answers: { status: string; description: string; ref: string | null }[];
  /** Of the first answer that is JSON. */
  example: string | null;
  curl: string;
};
export type Reference = {
  groups: { name: string; operations: Operation[] }[];
  objects: { name: string; fields: Field[] }[];
};

const METHODS = /^(get|post|put|patch|delete)$/;
const JSON_TYPE = "application/json";
/** An example shows objects within objects this deep. */
const MOST_DEEP = 4;

/** The document as a page shows it; `origin` is used in the curl lines. */
export function referenceOf(document: Document, origin: string): Reference {
  const schemas = document.components?.schemas ?? {};
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item).filter(([method]) => METHODS.test(method))
      .map(([method, described]) => operationOf(schemas, origin, method, path, described))
  );
  const groups = Map.groupBy(operations, ({ path }) => path.split("/")[1]!);
  return {
    groups: [...groups].map(([name, operations]) => ({ name: titled(name), operations })),
    objects: Object.entries(schemas).map(([name, schema]) => ({
      name,
      fields: fieldsOf(schemas, schema),
    })),
  };
}

const titled = (name: string) => name[0]!.toUpperCase() + name.slice(1);

type Schemas = Record<string, Schema>;

function operationOf(
  schemas: Schemas,
  origin: string,
  method: string,
  path: string,
  { summary = "", description = "", parameters = [], requestBody, responses }: Described,
): Operation {
  const sent = requestBody?.content?.[JSON_TYPE]?.schema;
  const fields = sent ? fieldsOf(schemas, sent) : [];
  const given = parameters.filter((one) => one.in === "path" || one.in === "query")
    .map((one) => ({
      ...fieldOf(schemas, one.name, one.schema ?? {}, one.required ?? false),
      in: one.in,
      value: one.in === "path" ? plain(exampleOf(schemas, one.schema ?? {}, 0), one.name) : "",
    }));
  const body = fields.length > 0
    ? { fields, example: JSON.stringify(exampleOf(schemas, sent!, 0), null, 2) }
    : null;
  const answered = Object.values(responses).map((one) => one.content?.[JSON_TYPE]?.schema)[0];
  return {
    id: `${method}${path.replace(/\W+/g, "-")}`.replace(/-$/, ""),
    method: method.toUpperCase(),
    path,
    summary,
    description,
    parameters: given,
    body,
    answers: Object.entries(responses).map(([status, { description = "", content }]) => ({
      status,
      description,
      ref: nameOf(content?.[JSON_TYPE]?.schema),
    })),
    example: answered && Object.keys(responses)[0]! < "300"
      ? JSON.stringify(exampleOf(schemas, answered, 0), null, 2)
      : null,
    curl: curlOf(origin, method, path, given, body?.example),
  };
}

const plain = (value: unknown, name: string) =>
  typeof value === "number" || typeof value === "string" && value !== "" && value !== "text"
    ? `${value}`
    : name.toUpperCase();

function curlOf(
  origin: string,
  method: string,
  path: string,
  parameters: { name: string; value: string }[],
  body: string | undefined,
): string {
  const address = parameters.reduce(
    (text, { name, value }) => text.replace(`{${name}}`, encodeURIComponent(value)),
    path,
  );
  const sent = body && JSON.stringify(JSON.parse(body)).replaceAll("'", `'\\''`);
  return [
    "curl",
    ...(method === "get" ? [] : [`-X ${method.toUpperCase()}`]),
    `-H "Authorization: Bearer $DASHKEEPER_API_KEY"`,
    ...(sent ? [`-H "Content-Type: application/json" -d '${sent}'`] : []),
    `${origin}/api/v1${address.replace(/\/$/, "")}`,
  ].join(" ");
}

const nameOf = (schema: Schema | undefined) =>
  schema?.$ref?.replace("#/components/schemas/", "") ?? null;

/** The schema with what it refers to and is put together from. */
function whole(schemas: Schemas, schema: Schema): Schema {
  const named = nameOf(schema);
  const parts = [...(named ? [schemas[named] ?? {}] : []), ...(schema.allOf ?? [])]
    .map((part) => whole(schemas, part));
  return parts.concat(schema).reduce((all, part) => ({
    ...all,
    ...part,
    properties: { ...all.properties, ...part.properties },
    required: [...all.required ?? [], ...part.required ?? []],
  }), {});
}

function fieldsOf(schemas: Schemas, schema: Schema): Field[] {
  const { properties = {}, required = [] } = whole(schemas, schema);
  return Object.entries(properties)
    .map(([name, own]) => fieldOf(schemas, name, own, required.includes(name)));
}

function fieldOf(schemas: Schemas, name: string, schema: Schema, required: boolean): Field {
  const { description = "" } = whole(schemas, schema);
  return { name, required, description, type: typeOf(schema), ref: refIn(schema) };
}

const refIn = (schema: Schema): string | null =>
  nameOf(schema) ?? [schema.items, ...schema.anyOf ?? [], ...schema.allOf ?? []]
    .map((part) => part ? refIn(part) : null).find((name) => name !== null) ??
    null;

/** "array of Panel", "string or null", "one of a, b". */
function typeOf(schema: Schema): string {
  const named = nameOf(schema);
  if (named) return named;
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(" or ");
  if (schema.allOf) return schema.allOf.map(typeOf).find((text) => text !== "any") ?? "object";
  if (schema.enum) return `one of ${schema.enum.map((one) => one ?? "null").join(", ")}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const types = [schema.type ?? "any"].flat();
  return types.map((type) => {
    if (type === "array") return `array of ${typeOf(schema.items ?? {})}`;
    return schema.format && type !== "null" ? `${type} (${schema.format})` : type;
  }).join(" or ");
}

const FORMATS: Record<string, string> = {
  "date-time": "2026-01-31T08:00:00Z",
  uri: "https://example.com/",
  uuid: "0b0c7e4e-1f1d-4c7c-9a53-6a2f0d4a3c11",
};

function exampleOf(schemas: Schemas, given: Schema, depth: number): unknown {
  const schema = whole(schemas, given);
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return exampleOf(schemas, schema.anyOf[0]!, depth);
  const type = [schema.type ?? "object"].flat()[0];
  if (type === "array") {
    return depth >= MOST_DEEP ? [] : [exampleOf(schemas, schema.items ?? {}, depth + 1)];
  }
  if (type === "object") {
    if (depth >= MOST_DEEP) return {};
    return Object.fromEntries(
      Object.entries(schema.properties ?? {})
        .map(([name, own]) => [name, exampleOf(schemas, own, depth + 1)]),
    );
  }
  if (type === "integer" || type === "number") return 1;
  if (type === "boolean") return true;
  return type === "null" ? null : FORMATS[schema.format ?? ""] ?? "text";
}
