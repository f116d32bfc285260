import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { FORMATS } from "../../src/imports/formats/registry.ts";
import { TABLES } from "../../src/measures/formats/canonical/canonical.ts";
import { startWorld } from "../help/world/world.ts";

const text = await Deno.readTextFile(new URL("../../docs/imports.md", import.meta.url));
const REPORT =
  "report_tns\ntns -1.25\nreport_wns\nwns -0.50\nreport_worst_slack -max\nworst slack max -0.50\n";
const LYRDB = `<?xml version="1.0" encoding="utf-8"?>
<report-database><description/><original-file/><generator/><top-cell>gcd</top-cell><tags/>
<categories><category><name>M1.S</name></category></categories><cells><cell><name>gcd</name></cell></cells>
<items><item><tags/><category>M1.S</category><cell>gcd</cell><visited>false</visited>
<multiplicity>1</multiplicity><values><value>edge: (0,0;1,1)</value></values></item></items>
</report-database>\n`;

/** The blocks of a language as shell lines. */
function linesIn(language: string): string[] {
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"));
  return [...blocks].map(([, block]) =>
    block!.slice(block!.indexOf("curl")).replace(/^ {2}env:[\s\S]*/m, "")
      .replace(/(?<!\\)\n\s*(?=")/g, " ") // YAML folds it
      .replaceAll("$$", "$").replaceAll("$<", "6_report.log").replace(/\$::env\((\w+)\)/g, "$$$1")
      .replace(/\$\((\w+)\)/g, "$$$1")
  );
}

Deno.test("the shell lines of docs/imports.md import what they name", async () => {
  await using world = await startWorld({ user: true });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/6_report.log`, REPORT);
    await Deno.writeTextFile(`${folder}/drc.lyrdb`, LYRDB);
    const lines = ["sh", "make", "tcl", "yaml"].flatMap(linesIn)
      .filter((line) => line.startsWith("curl"));
    equal(lines.length, 6, lines.join("\n"));
    for (const line of lines) {
      const { code, stdout, stderr } = await new Deno.Command("bash", {
        args: ["-c", line],
        cwd: folder,
        env: {
          ...{ DASHKEEPER_URL: world.origin, DASHKEEPER_KEY: world.ada!.api_key, BUILD_ID: "7" },
          ...{ DESIGN: "gcd", RUN: "7", CI_PIPELINE_ID: "7", CI_COMMIT_SHA: "abc1234" },
          ...{ GITHUB_RUN_ID: "7", GITHUB_SHA: "abc1234" },
        },
        stdin: "null",
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      equal(code, 0, `${line}\n${out}${err}`);
      const { run_id, imports } = JSON.parse(out!);
      equal(run_id, "7", line);
      same(
        imports[0].numbers.find(({ name }: { name: string }) => name === "setup_wns").value,
        -0.5,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs/imports.md names every format and table", () => {
  for (const { name } of FORMATS) ok(text.includes(`| \`${name}\``), name);
  for (const { kind, name } of TABLES) ok(text.includes(`| \`${kind}\`: \`${name}\``), name);
});
