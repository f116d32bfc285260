const ESCAPED = /\\(.)/gs;
const LONGEST_PATH = 4_096;
const PART = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^.]+/gs;

/** A word as KLayout quotes it: 'On layer met1'. */
export function unquoted(text: string): string {
  const quote = text[0];
  if (quote !== "'" && quote !== '"') return text;
  return text.slice(1, text.endsWith(quote) && text.length > 1 ? -1 : undefined)
    .replace(ESCAPED, "$1");
}

/** The parts of a category's path: 'li.3' is one, li.3 are two. */
export function partsOf(path: string): string[] {
  if (path.length > LONGEST_PATH) return [path];
  return (path.match(PART) ?? []).map(unquoted);
}
