import { unquoted } from "./quoted.ts";

export type Box = [x1: number, y1: number, x2: number, y2: number];

/** What the values of an item say; coordinates in µm. */
export type Read = { box?: Box; shape?: string; notes: string[] };

const VALUE = /^(?:\[(#?(?:'(?:[^'\\]|\\.)*'|[^\]]*))\]\s*)?([a-z-]+):\s*/;
const PAIR = /(?<![\d.])(-?[\d.]+(?:e[-+]?\d+)?),(-?[\d.]+(?:e[-+]?\d+)?)/gi;
const LABEL_TEXT = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gs;

function widened(box: Box | undefined, shape: string): Box | undefined {
  let [x1, y1, x2, y2] = box ?? [Infinity, Infinity, -Infinity, -Infinity];
  PAIR.lastIndex = 0;
  for (let pair = PAIR.exec(shape); pair; pair = PAIR.exec(shape)) {
    const [x, y] = [parseFloat(pair[1]!), parseFloat(pair[2]!)];
    if (x < x1) x1 = x;
    if (x > x2) x2 = x;
    if (y < y1) y1 = y;
    if (y > y2) y2 = y;
  }
  return Number.isFinite(x1 + y1 + x2 + y2) ? [x1, y1, x2, y2] : box;
}

const MOST_NOTES = 100;
/** A filled chip is a polygon of megabytes; its box is kept whole. */
const LONGEST_SHAPE = 50_000;

/** Adds a `<value>`: a shape, `text: '…'`, `float: 1.2`, each with a name in brackets before it. */
export function addValue(read: Read, value: string) {
  const text = value.trim();
  const [before, tag, kind] = VALUE.exec(text) ?? [];
  if (read.notes.length >= MOST_NOTES) return;
  if (before === undefined) {
    if (text) read.notes.push(text);
    return;
  }
  const rest = text.slice(before.length);
  if (kind === "text" || kind === "float" || kind === "int") {
    const note = unquoted(rest);
    read.notes.push(tag ? `${unquoted(tag.replace(/^#/, ""))} ${note}` : note);
    return;
  }
  const box = widened(read.box, kind === "label" ? rest.replace(LABEL_TEXT, "") : rest);
  if (box) read.box = box;
  const shape = tag ? text.slice(text.indexOf("]") + 1).trim() : text;
  const all = read.shape === undefined ? shape : `${read.shape} ${shape}`;
  read.shape = all.length > LONGEST_SHAPE ? `${all.slice(0, LONGEST_SHAPE)}…` : all;
}
