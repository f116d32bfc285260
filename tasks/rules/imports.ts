/** `names` is the text between `import` and `from`; "*" for an import() and for a bare import. */
export type Import = { names: string; typeOnly: boolean; from: string };

const IMPORT =
  /\b(?:(?:import|export)\s+(?<names>[\w$*{][^;"'()=]*?)\s*\bfrom\s*|import\s*\(?\s*)(?<quote>["'`])/g;

/** Imports, exports from elsewhere, import() and import types, found in the code, read in the text. */
export function importsOf(text: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].map(({ 0: { length }, index, groups }) => {
    const start = index + length;
    const from = text.slice(start, text.indexOf(groups!.quote!, start));
    const names = groups!.names ?? "*";
    return { names, typeOnly: isTypeOnly(names), from };
  });
}

function isTypeOnly(names: string): boolean {
  if (/^type\s+[\w${*]/.test(names)) return true;
  const list = /^\{(.*)\}$/s.exec(names)?.[1] ?? names;
  return list.split(",").filter((name) => name.trim()).every((name) => /^\s*type\s/.test(name));
}
