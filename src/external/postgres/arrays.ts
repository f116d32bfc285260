import { Buffer } from "node:buffer";

type Parse = (text: string) => unknown;

/** PostgreSQL's text of an array (`{1,NULL,"a,b",{…}}`) as an array of its elements. */
function parseArray(text: string, parse: Parse): unknown[] {
  let at = text.indexOf("{") + 1; // behind bounds such as [0:2]=
  const item = () => {
    if (text[at] !== '"') {
      const plain = /^[^,}]*/.exec(text.slice(at))![0];
      at += plain.length;
      return plain === "NULL" ? null : parse(plain);
    }
    let content = "";
    for (at++; text[at] !== '"'; at++) content += text[at] === "\\" ? text[++at] : text[at];
    at++;
    return parse(content);
  };
  const list = (): unknown[] => {
    const items: unknown[] = [];
    for (; at < text.length; at++) {
      if (text[at] === "}") break;
      if (text[at] === ",") continue;
      if (text[at] === "{") at++, items.push(list());
      else items.push(item()), at--;
    }
    return items;
  };
  return list();
}

function arrayText(items: unknown, textOf: (item: unknown) => string): string {
  if (!Array.isArray(items)) return String(items);
  const parts = items.map((item) => {
    if (item === null || item === undefined) return "NULL";
    if (Array.isArray(item)) return arrayText(item, textOf);
    return `"${textOf(item).replace(/[\\"]/g, "\\$&")}"`;
  });
  return `{${parts.join()}}`;
}

const asText: Parse = (text) => text;
const bytes: Parse = (text) => Buffer.from(text.slice(2), "hex");
const json = JSON.stringify;

/** For each built-in array type: [array, parse an element, write one]. */
const ARRAYS: [array: number, parse: Parse, textOf?: (item: unknown) => string][] = [
  ...[1002, 1003, 1009, 1014, 1015, 1231, 2951, 1041, 651, 1187, 1183, 1270].map(
    (array) => [array, asText] as [number, Parse],
  ),
  ...[1005, 1007, 1016, 1021, 1022, 1028].map((array) => [array, Number] as [number, Parse]),
  [1000, (text) => text === "t", (item) => item === true ? "t" : "f"],
  [1001, bytes],
  [199, JSON.parse, json],
  [3807, JSON.parse, json],
  [1115, (text) => new Date(text), (item) => new Date(item as string).toISOString()],
  [1182, (text) => new Date(text), (item) => new Date(item as string).toISOString()],
];

/** The driver would query these types after each login. */
export function arrayTypes(time: { array: number; parse: (text: string) => string }) {
  const all = [...ARRAYS, [time.array, time.parse] as [number, Parse]];
  return Object.fromEntries(
    all.map(([array, parse, textOf = String]) => [`array_${array}`, {
      to: array,
      from: [array],
      parse: (text: string) => parseArray(text, parse),
      serialize: (items: unknown) => arrayText(items, textOf),
    }]),
  );
}
