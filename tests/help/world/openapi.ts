/** As much of JSON Schema as the API's document uses; a keyword it does not know is an error. */
export type Schema = { [keyword: string]: unknown };
type Content = { content?: Record<string, { schema: Schema }> };
export type Operation = {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: Content & { required?: boolean };
  responses: Record<string, Content & { description: string }>;
  security?: object[];
};
export type Document = {
  openapi: string;
  info: { title: string; version: string };
  servers: { url: string }[];
  security: Record<string, string[]>[];
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, object> };
  paths: Record<string, Record<string, Operation>>;
};

/** The operation that a request goes to, undefined where the document has none. */
export function operationOf(document: Document, method: string, path: string) {
  const wanted = method === "HEAD" ? "get" : method.toLowerCase();
  for (const [pattern, item] of Object.entries(document.paths)) {
    const source = pattern.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+");
    if (new RegExp(`^${source}$`).test(path)) return item[wanted];
  }
}

const KNOWN = new Set(
  ("$ref type properties required additionalProperties items enum anyOf allOf format description " +
    "example default minimum maximum exclusiveMinimum minLength maxLength pattern maxItems").split(
      " ",
    ),
);
const FORMATS: Record<string, (text: string) => boolean> = {
  "date-time": (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text),
  binary: () => true,
};

/** `$ref` and `allOf` put together into one schema. */
export function flatten(document: Document, schema: Schema): Schema {
  const { $ref, allOf, ...own } = schema;
  for (const keyword of Object.keys(schema)) {
    if (!KNOWN.has(keyword)) throw new Error(`the schema's keyword ${keyword} is not known here`);
  }
  let whole: Schema = {};
  const parts = [...(allOf as Schema[] ?? []), own].map((part) =>
    part === own ? own : flatten(document, part)
  );
  if ($ref) {
    const named = document.components.schemas[String($ref).replace("#/components/schemas/", "")];
    if (!named) throw new Error(`there is no ${$ref}`);
    parts.unshift(flatten(document, named));
  }
  for (const part of parts) {
    whole = {
      ...whole,
      ...part,
      ...merged(whole, part),
    };
  }
  return whole;
}

function merged(a: Schema, b: Schema): Schema {
  const properties = { ...a.properties as object, ...b.properties as object };
  const required = [...(a.required as string[] ?? []), ...(b.required as string[] ?? [])];
  return {
    ...(a.properties || b.properties ? { properties } : {}),
    ...(required.length > 0 ? { required: [...new Set(required)] } : {}),
  };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isSafeInteger(value) ? "integer" : typeof value;
}

/** Where a value is not as the schema says; a field that the schema does not name is a fault too. */
export function faultsOf(document: Document, given: Schema, value: unknown, at = "$"): string[] {
  const schema = flatten(document, given);
  if (schema.anyOf) {
    const all = (schema.anyOf as Schema[]).map((one) => faultsOf(document, one, value, at));
    return all.some((faults) => faults.length === 0) ? [] : all.flat();
  }
  if (schema.type === undefined && !schema.enum) return []; // anything
  const types = schema.type === undefined ? [] : [schema.type].flat() as string[];
  const type = typeOf(value);
  const fits = types.length === 0 || types.includes(type) ||
    (type === "integer" && types.includes("number"));
  if (!fits) return [`${at}: ${type} in place of ${types.join("|")}`];
  if (schema.enum && !(schema.enum as unknown[]).includes(value)) return [`${at}: not in the enum`];
  if (typeof value === "string") return stringFaults(schema, value, at);
  if (Array.isArray(value)) {
    const items = schema.items as Schema;
    if (value.length > Number(schema.maxItems ?? Infinity)) return [`${at}: too many items`];
    return value.flatMap((item, i) => faultsOf(document, items, item, `${at}[${i}]`));
  }
  return type === "object" ? objectFaults(document, schema, value as object, at) : [];
}

function stringFaults({ format, pattern, minLength }: Schema, text: string, at: string): string[] {
  const faults: string[] = [];
  if (format && !FORMATS[String(format)]!(text)) faults.push(`${at}: no ${format}`);
  if (pattern && !new RegExp(String(pattern)).test(text)) faults.push(`${at}: not as ${pattern}`);
  if (text.length < Number(minLength ?? 0)) faults.push(`${at}: too short`);
  return faults;
}

function objectFaults(document: Document, schema: Schema, value: object, at: string): string[] {
  const properties = schema.properties as Record<string, Schema> ?? {};
  const others = schema.additionalProperties;
  const missing = (schema.required as string[] ?? []).filter((name) => !Object.hasOwn(value, name));
  return [
    ...missing.map((name) => `${at}.${name}: missing`),
    ...Object.entries(value).flatMap(([name, field]) => {
      const one = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (one) return faultsOf(document, one, field, `${at}.${name}`);
      if (others && typeof others === "object") {
        return faultsOf(document, others as Schema, field, `${at}.${name}`);
      }
      return [`${at}.${name}: not in the document`];
    }),
  ];
}
