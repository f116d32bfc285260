import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { makeHome } from "../help/service/service.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const TEST_ONLY = ["axe-core", "echarts", "emulate", "esbuild", "express", "pg"];

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(ROOT + path));
}

/** Copies what a clone has. */
async function clone(from: string, to: string) {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if ([".git", "data", "node_modules"].includes(name)) continue;
    if (isDirectory) await clone(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

Deno.test("a first start in an empty clone downloads nothing that only tests need", async () => {
  await using home = await makeHome();
  const root = `${home.dataDir}/../clone`;
  await clone(ROOT, root);
  const service = await home.start({ BROWSER_INSTALL: "no" }, { task: true, root });
  equal((await service.call("GET", "/livez")).status, 200);

  const installed = Array.from(Deno.readDirSync(`${root}/node_modules/.deno`), ({ name }) => name);
  const [own, tests] = [await readJson("deno.lock"), await readJson("tests/deno.lock")];
  const folderOf = (key: string) => key.split("_")[0]!.replaceAll("/", "+");
  const ownFolders = new Set(Object.keys(own.npm).map(folderOf));
  const testOnly = Object.keys(tests.npm).map(folderOf).filter((name) => !ownFolders.has(name));
  for (const name of TEST_ONLY) ok(testOnly.some((one) => one.startsWith(`${name}@`)), name);
  ok(installed.some((name) => name.startsWith("hono@")), "node_modules is where it is looked for");
  same(installed.filter((name) => testOnly.includes(name.split("_")[0]!)), []);
  same(
    await Array.fromAsync(Deno.readDir(`${root}/tests`)).then((entries) =>
      entries.filter(({ name }) => name === "node_modules")
    ),
    [],
  );
});

Deno.test("tests resolve every package of the service as the service does", async () => {
  const [own, tests] = [await readJson("deno.json"), await readJson("tests/deno.json")];
  const added = Object.fromEntries(
    Object.entries(tests.imports).filter(([name]) => TEST_ONLY.includes(name.replace(/\/$/, ""))),
  );
  same(tests.imports, { ...own.imports, ...added });
  for (const name of ["nodeModulesDir", "unstable", "allowScripts", "compilerOptions"]) {
    same(tests[name], own[name], name);
  }
  const [ownLock, testLock] = [await readJson("deno.lock"), await readJson("tests/deno.lock")];
  for (const [key, { integrity }] of Object.entries<{ integrity: string }>(ownLock.npm)) {
    equal(testLock.npm[key]?.integrity, integrity, key);
  }
});
