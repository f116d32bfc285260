const OWN = [
  "\0",
  "\ufffd",
  "\uffff",
  "'",
  '"',
  "<",
  ">",
  "&",
  "{",
  "[",
  "]",
  "(",
  ",",
  "\t",
  "\\",
];
const LONG = ["9", "-", " ", "(", "[", "<a>", '"', "1,", "{", "'", "a.", "\n", "\r"];

const at = (text: string, next: () => number) => Math.floor(next() * (text.length + 1));

/** What happens to files: cut, doubled, lost and foreign pieces, numbers and lines out of place. */
const CHANGES: ((text: string, next: () => number) => string)[] = [
  (text, next) => text.slice(0, at(text, next)),
  (text, next) => text.slice(at(text, next)),
  (text, next) => {
    const [from, to] = [at(text, next), at(text, next)].sort((a, b) => a - b) as [number, number];
    return text.slice(0, from) + text.slice(Math.min(to, from + 2_000));
  },
  (text, next) => {
    const [from, to] = [at(text, next), at(text, next)];
    return text.slice(0, to) + text.slice(from, from + 500) + text.slice(to);
  },
  (text, next) => {
    const where = at(text, next);
    return text.slice(0, where) + OWN[Math.floor(next() * OWN.length)] + text.slice(where + 1);
  },
  (text, next) => {
    const where = at(text, next);
    const piece = LONG[Math.floor(next() * LONG.length)]!;
    return text.slice(0, where) + piece.repeat(Math.floor(next() * 30_000)) + text.slice(where);
  },
  (text, next) => {
    const lines = text.split("\n");
    const [a, b] = [0, 0].map(() => Math.floor(next() * lines.length)) as [number, number];
    [lines[a], lines[b]] = [lines[b]!, lines[a]!];
    return lines.join("\n");
  },
  (text, next) => {
    const number = ["-1", "1e400", "NaN", "-0.000", "INF", "1,234", "", "0x1F"];
    const one = number[Math.floor(next() * number.length)]!;
    const where = at(text, next);
    return text.slice(0, where) + text.slice(where).replace(/-?\d+(?:\.\d+)?/, one);
  },
  (text) => text.replaceAll("\n", "\r\n"),
];

/** One to four changes. */
export function mutated(text: string, next: () => number): string {
  for (let left = 1 + Math.floor(next() * 4); left > 0; left--) {
    text = CHANGES[Math.floor(next() * CHANGES.length)]!(text, next);
  }
  return text;
}
