import { codeOnly } from "./code.ts";
import { importsOf } from "./imports.ts";

const MOST_FILES = 20;
const MOST_SIBLINGS = 2;
const MOST_LINES = 40;

/** Folders of src, static and tests with too many files; in src also siblings that share a prefix. */
export function checkFolders(paths: string[]): string[] {
  const folders = Map.groupBy(
    paths.filter((path) => /^(?:src|static|tests)\//.test(path)),
    (path) => path.slice(0, path.lastIndexOf("/")),
  );
  return [...folders].flatMap(([folder, files]) => {
    const prefixes = Map.groupBy(files, (path) => /([^/_.]+)[^/]*$/.exec(path)![1]!);
    const shared = folder.startsWith("src")
      ? [...prefixes].filter(([, { length }]) => length > MOST_SIBLINGS)
      : [];
    return [
      ...(files.length > MOST_FILES ? [`${folder}: ${files.length} files, at most 20`] : []),
      ...shared.map(([prefix]) => `${folder}: three files begin with "${prefix}": make a folder`),
    ];
  });
}

/** Each cycle of imports, by value or type, once: `a.ts > b.ts > a.ts`. */
export function findCycles(files: Map<string, string>): string[] {
  const edges = new Map(
    [...files].filter(([path]) => /^(?!tests\/).*\.tsx?$/.test(path)).map(([path, text]) => {
      const own = importsOf(text, codeOnly(text)).filter(({ from }) => from.startsWith("."));
      return [path, own.map(({ from }) => new URL(from, `file:///${path}`).pathname.slice(1))];
    }),
  );
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, above: string[]) => {
    if (above.includes(path)) {
      cycles.push([...above.slice(above.indexOf(path)), path].join(" > "));
    } else if (!done.has(path)) {
      for (const to of edges.get(path) ?? []) visit(to, [...above, path]);
      done.add(path);
    }
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles.map((cycle) => `import cycle: ${cycle}`);
}

const FUNCTION =
  /^(?:export )?(?:default )?(?:async )?(?:function\*? (\w+)|const (\w+)[^=]*= (?:async )?(?:\(|\w+ =>))/;

/** Top-level functions of `files` that are too long, with what they contain. */
export function checkFunctions(files: Map<string, string>): string[] {
  return [...files].flatMap(([path, text]) =>
    tooLong(text).map(([name, length]) =>
      `${path} ${name}() has ${length} lines, at most ${MOST_LINES}`
    )
  );
}

/** The top-level functions over 40 lines, with their lengths. */
export function tooLong(text: string): [name: string, length: number][] {
  const lines = codeOnly(text).split("\n");
  return lines.flatMap((line, start): [string, number][] => {
    const name = FUNCTION.exec(line)?.slice(1).find(Boolean);
    if (!name) return [];
    let depth = 0;
    const end = lines.findIndex((line, i) => {
      if (i < start) return false;
      depth += (line.match(/[([{]/g) ?? []).length - (line.match(/[)\]}]/g) ?? []).length;
      return depth === 0 && /[};]\s*$/.test(line);
    });
    return end - start >= MOST_LINES ? [[name, end - start + 1]] : [];
  });
}
