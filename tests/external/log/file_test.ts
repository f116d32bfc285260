import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { openLog } from "../../../src/external/log/open.ts";
import type { Level } from "../../../src/external/log/log.ts";

type Line = Record<string, unknown>;

/** A folder for log files, and logs that write there; the terminal's lines are kept in `printed`. */
async function scratch() {
  const folder = await Deno.makeTempDir({ prefix: "dashkeeper-log-" });
  const printed: string[] = [];
  const opened: { flush(): void; close(): void }[] = [];
  const flush = () => opened.forEach((one) => one.flush());
  return {
    folder,
    path: `${folder}/logs/app.log`,
    flush,
    /** Without what still waits. */
    written: printed,
    get printed() {
      flush();
      return printed;
    },
    open(more: { level?: Level; maxBytes?: number; file?: string; isTerminal?: boolean } = {}) {
      const one = openLog({
        level: "INFO",
        secrets: [],
        file: `${folder}/logs/app.log`,
        print: (lines) => void printed.push(...lines.split("\n")),
        isTerminal: false,
        ...more,
      });
      opened.push(one);
      return one;
    },
    names() {
      flush();
      return [...Deno.readDirSync(`${folder}/logs`)].map(({ name }) => name).sort();
    },
    lines(name: string): Line[] {
      flush();
      const text = Deno.readTextFileSync(`${folder}/logs/${name}`);
      return text.trimEnd().split("\n").map((line) => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      for (const one of opened) one.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const grep = async (word: string, path: string) => {
  const { stdout } = await new Deno.Command("grep", { args: [word, path] }).output();
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
};

Deno.test("openLog() writes JSON to the file, and `grep ERROR` finds the errors alone", async () => {
  await using place = await scratch();
  const { log } = place.open({ isTerminal: true });
  log.info("One.");
  log.warn("Two.", { n: 2 });
  log.error("Three.");
  same(place.lines("app.log").map(({ level, message }) => [level, message]), [
    ["INFO", "One."],
    ["WARNING", "Two."],
    ["ERROR", "Three."],
  ]);
  const [found, ...others] = await grep("ERROR", place.path);
  match(found!, /"message":"Three\."/);
  same(others, []);
  match(place.printed[1]!, /^\S+Z WARNING Two\. n=2$/);
});

Deno.test("openLog() leaves out what is below LOG_LEVEL, but no audit entry", async () => {
  await using place = await scratch();
  const shown = (level: Level) => {
    const { log, close } = place.open({ level });
    const before = place.printed.length;
    log.debug("debug");
    log.info("info");
    log.warn("warning");
    log.error("error");
    log.info("entry", { audit: true });
    close();
    return place.printed.slice(before).map((line) => JSON.parse(line).message);
  };
  same(shown("DEBUG"), ["debug", "info", "warning", "error", "entry"]);
  same(shown("INFO"), ["info", "warning", "error", "entry"]);
  same(shown("WARNING"), ["warning", "error", "entry"]);
  same(shown("ERROR"), ["error", "entry"]);
  equal(place.lines("app.log").length, 14);
});

Deno.test("the file is rotated by size, keeps its name, and five files at most", async () => {
  await using place = await scratch();
  const { log } = place.open({ maxBytes: 1000 });
  for (let n = 0; n < 100; n++) log.info("x".repeat(100), { n });
  same(place.names(), ["app.log", "app.log.1", "app.log.2", "app.log.3", "app.log.4"]);
  const numbers = place.names().reverse().flatMap((name) => {
    ok(Deno.statSync(`${place.folder}/logs/${name}`).size <= 1000);
    return place.lines(name).map(({ n }) => n as number);
  });
  same(numbers, Array.from(numbers, (_, i) => 100 - numbers.length + i));
});

Deno.test("a second process writes to a file of its own, and the next one when the first has ended", async () => {
  await using place = await scratch();
  const [one, two, three] = [place.open(), place.open(), place.open()];
  for (const [n, { log }] of [one, two, three].entries()) log.info("Begun.", { n });
  same(place.names(), ["app-service-1.log", "app-service-2.log", "app.log"]);
  equal(place.lines("app-service-1.log")[0]!.n, 1);
  one.close();
  place.open().log.info("Again.");
  same(place.lines("app.log").map(({ message }) => message), ["Begun.", "Again."]);
});

Deno.test("a file that cannot be written is one warning, and everything goes to the terminal", async () => {
  await using place = await scratch();
  await Deno.writeTextFile(`${place.folder}/taken`, "");
  for (const file of [`${place.folder}/taken/app.log`, "/proc/dashkeeper/app.log", "/dev/full"]) {
    const before = place.printed.length;
    const { log } = place.open({ file });
    for (let n = 0; n < 5; n++) log.info("A line.");
    const said = place.printed.slice(before).map((line) => JSON.parse(line));
    same(said.map(({ message }) => message).filter((text) => text !== "A line."), [
      "The log file cannot be written: the log goes to the terminal only.",
    ]);
    equal(said.length, 6);
    const warning = said.find(({ level }) => level === "WARNING");
    equal(warning.path, file);
    match(warning.code, /^E[A-Z]+$/);
  }
});

Deno.test("a file that is removed, or moved by somebody else, is made anew", async () => {
  await using place = await scratch();
  const { log, flush } = place.open();
  log.info("One.");
  flush();
  await Deno.remove(`${place.folder}/logs`, { recursive: true });
  await new Promise((done) => setTimeout(done, 1_100));
  log.info("Two.");
  flush();
  await Deno.rename(place.path, `${place.path}.old`);
  await new Promise((done) => setTimeout(done, 1_100));
  log.info("Three.");
  same(place.lines("app.log").map(({ message }) => message), ["Three."]);
  same(place.lines("app.log.old").map(({ message }) => message), ["Two."]);
});

Deno.test("lines are written together within 50 ms, in order; an error, or 500 of them, at once", async () => {
  await using place = await scratch();
  const { log } = place.open();
  const messages = () => place.written.map((line) => JSON.parse(line).message);
  log.info("One.");
  log.warn("Two.");
  same(messages(), []);
  log.error("Three.");
  same(messages(), ["One.", "Two.", "Three."]);
  log.info("Four.");
  await new Promise((done) => setTimeout(done, 100));
  same(messages(), ["One.", "Two.", "Three.", "Four."]);
  for (let n = 0; n < 1_200; n++) log.info("More.", { n });
  equal(messages().length, 1_004);
  same(
    place.lines("app.log").slice(4).map(({ n }) => n),
    Array.from({ length: 1_200 }, (_, n) => n),
  );
  same(place.written.map((line) => JSON.parse(line)), place.lines("app.log"));
});

Deno.test("openLog() loses nothing at Deno.exit()", async () => {
  await using place = await scratch();
  const code = `import { openLog } from "./src/external/log/open.ts";
    const file = ${JSON.stringify(place.path)};
    const { log } = openLog({ level: "INFO", secrets: [], file, print: console.log, isTerminal: false });
    log.info("One.");
    Deno.exit(3);`;
  const { code: ended, stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] })
    .output();
  const [line] = place.lines("app.log");
  same([ended, line!.message], [3, "One."]);
  same(JSON.parse(new TextDecoder().decode(stdout)), line);
});

Deno.test("taskLog() writes each line at once", async () => {
  const code = `import { taskLog } from "./src/external/log/open.ts";
    taskLog().info("One.");
    console.error("Two.");
    Deno.kill(Deno.pid, "SIGKILL");`;
  const args = ["eval", code];
  const { stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "null" }).output();
  match(new TextDecoder().decode(stderr), /^\{.*"message":"One\."\}\nTwo\.\n$/);
});

Deno.test("a terminal that nobody reads any more does not end the process", async () => {
  await using place = await scratch();
  const { log, close } = openLog({
    level: "INFO",
    secrets: [],
    file: place.path,
    print() {
      throw new Deno.errors.BrokenPipe();
    },
    isTerminal: true,
  });
  log.info("One.");
  close();
  equal(place.lines("app.log").length, 1);
});
