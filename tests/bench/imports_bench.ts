import { cpuUsage } from "node:process";
import { openSpoolFolder } from "../../src/external/spool_folder.ts";
import { readBody } from "../../src/imports/reading.ts";
import { copyPlan, planTables, valuesOf } from "../../src/imports/write/plan.ts";
import { fieldsOf } from "../../src/imports/fields.ts";

const MB = 1_000_000;
const SIZE = 100 * MB;
const CHUNK = 256 * 1024;

/** A peer: the least that a loader written in Python does with the same file. */
const PYTHON: Record<string, string> = {
  "paths.csv": `import csv, sys
out = open(sys.argv[2], "w")
for row in csv.reader(open(sys.argv[1])):
    cells = []
    for cell in row:
        try: cells.append(repr(float(cell)))
        except ValueError: cells.append(cell)
    out.write("\\t".join(cells) + "\\n")`,
  "paths.rpt": `import re, sys
out = open(sys.argv[2], "w")
start = end = group = None
slack = re.compile(r"^\\s+(-?[\\d.]+)\\s+slack \\((MET|VIOLATED)\\)")
for line in open(sys.argv[1]):
    if line.startswith("Startpoint: "): start = line.split()[1]
    elif line.startswith("Endpoint: "): end = line.split()[1]
    elif line.startswith("Path Group: "): group = line.split()[2]
    else:
        found = slack.match(line)
        if found: out.write(f"{start}\\t{end}\\t{group}\\t{float(found[1])}\\n")`,
  "shapes.lyrdb": `import sys, xml.etree.ElementTree as tree
out = open(sys.argv[2], "w")
for _, item in tree.iterparse(sys.argv[1]):
    if item.tag == "item":
        out.write(f"{item.findtext('category')}\\t{item.findtext('cell')}\\t{item.findtext('values/value')}\\n")
        item.clear()`,
};

const path = (i: number) =>
  `Startpoint: u_core/reg_${i % 5000}_ (rising edge-triggered flip-flop clocked by clk)
Endpoint: u_core/q_${i}_ (rising edge-triggered flip-flop clocked by clk)
Path Group: clk
Path Type: max

Fanout     Cap    Slew   Delay    Time   Description
-----------------------------------------------------------------------------
                          0.00    0.00   clock clk (rise edge)
${
    Array.from({ length: 20 }, (_, n) =>
      `                  0.09    0.01    ${
        (n / 10).toFixed(2)
      } ^ _${n}${i}_/X (sky130_fd_sc_hd__xor2_2)`)
      .join("\n")
  }
                                  4.75   data arrival time

                                  9.75   data required time
-----------------------------------------------------------------------------
                                  9.75   data required time
                                 -4.75   data arrival time
-----------------------------------------------------------------------------
                                  ${(5 - i % 700 / 100).toFixed(2)}   slack (${
    i % 700 > 500 ? "VIOLATED" : "MET"
  })


`;

type File = { first: string; row: (i: number) => string; last: string };
const FILES: Record<string, File> = {
  "paths.csv": {
    first: "startpoint,endpoint,path_group,corner,slack_ns,arrival_ns,levels\n",
    row: (i) =>
      `u_core/reg_${i % 5000}_/CK,u_core/q_${i}_/D,clk_${i % 7},ss,${(i % 997) / 100 - 4},4.75,${
        i % 30
      }\n`,
    last: "",
  },
  "paths.rpt": { first: "report_checks -path_delay max\n", row: path, last: "" },
  "shapes.lyrdb": {
    first: `<?xml version="1.0" encoding="utf-8"?>\n<report-database>\n <categories>\n${
      [1, 2, 3, 4, 5].map((n) => `  <category><name>M${n}.S</name></category>\n`).join("")
    } </categories>\n <cells><cell><name>TOP</name></cell></cells>\n <items>\n`,
    row: (i) =>
      `  <item>\n   <tags/>\n   <category>'M${
        1 + i % 5
      }.S'</category>\n   <cell>TOP</cell>\n   <visited>false</visited>\n   <multiplicity>1</multiplicity>\n   <values>\n    <value>edge-pair: (${i},2.5;${i},3.1)/(4,2.5;4,${i})</value>\n   </values>\n  </item>\n`,
    last: " </items>\n</report-database>\n",
  },
};

/** Writes a file of about `SIZE`. */
async function make(file: string, { first, row, last }: File) {
  const out = await Deno.open(file, { write: true, create: true, truncate: true });
  const writer = out.writable.getWriter();
  const utf8 = new TextEncoder();
  let text = first;
  for (let i = 0, bytes = 0; bytes < SIZE; i++) {
    text += row(i);
    if (text.length < CHUNK) continue;
    bytes += text.length;
    await writer.write(utf8.encode(text));
    text = "";
  }
  await writer.write(utf8.encode(text + last));
  await writer.close();
}

/** Reads, types and spools a file and takes the lines that COPY would; CPU seconds and bytes over idle. */
async function ours(folder: string, name: string) {
  await using spool = Object.assign(await openSpoolFolder(`${folder}/spool`), {
    async [Symbol.asyncDispose]() {
      await spool.close();
    },
  });
  const idle = Deno.memoryUsage().rss;
  let most = 0;
  const timer = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss - idle), 20);
  const before = cpuUsage();
  const started = performance.now();
  const { readable } = await Deno.open(`${folder}/${name}`);
  const start = { content_type: null, is_gzip: false, file: name, format: null, kind: null };
  const signal = new AbortController().signal;
  await using reading = await readBody({ spool, most_bytes: 10_000 * MB }, readable, start, signal);
  const fields = fieldsOf({}, []);
  const { files: values } = await valuesOf(reading.files, fields, new Date());
  let rows = 0;
  for (const plan of await planTables(reading, fields, values)) {
    const types = new Map(plan.columns.map(({ name, type }) => [name, type]));
    for await (const _ of reading.lines(plan.table, copyPlan(plan, types)));
    rows += reading.tables[plan.table]!.rows.reduce((sum, count) => sum + count, 0);
  }
  clearInterval(timer);
  const { user, system } = cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  return { rows, cpu: (user + system) / 1e6, seconds, most };
}

async function python(folder: string, name: string): Promise<number> {
  const script = `import resource\n${PYTHON[name]}\n` +
    "usage = resource.getrusage(resource.RUSAGE_SELF)\nprint(usage.ru_utime + usage.ru_stime)";
  const { stdout, success } = await new Deno.Command("python3", {
    args: ["-c", script, `${folder}/${name}`, `${folder}/out`],
  }).output();
  return success ? Number(new TextDecoder().decode(stdout)) : NaN;
}

/** Imports of 100 MB without PostgreSQL beside a plain Python loader: MB for each CPU second. */
export async function benchImports(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "imports-bench-" });
  try {
    const table: Record<string, Record<string, string>> = {};
    for (const [name, file] of Object.entries(FILES)) {
      await make(`${folder}/${name}`, file);
      const { size } = await Deno.stat(`${folder}/${name}`);
      const { rows, cpu, seconds, most } = await ours(folder, name);
      table[name] = {
        rows: String(rows),
        "MB/CPU s": (size / MB / cpu).toFixed(1),
        "Python's": (size / MB / await python(folder, name)).toFixed(1),
        "MB/s": (size / MB / seconds).toFixed(1),
        "MB over idle": (most / MB).toFixed(0),
      };
      await Deno.remove(`${folder}/${name}`);
    }
    console.table(table);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
