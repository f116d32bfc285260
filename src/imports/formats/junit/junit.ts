import type { Append, Format, Output, Said } from "../format.ts";
import { rootOf, Xml } from "../xml.ts";

const COLUMNS = [
  ...["suite", "class", "test", "status", "seed", "runtime_s", "sim_time_ns", "message"],
  ...["source_file", "source_line"],
];
const LONGEST_MESSAGE = 2_000;
const MOST_ADDED = 1_000;
const OUTCOMES = new Set(["failure", "error", "skipped"]);
/** A case can have several: the worst counts. */
const STATUSES = ["passed", "skipped", "failed", "error"];
const WHEN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:?\d\d)?$/;

type Attributes = Record<string, string>;
/** `stated`: failures and errors as its attributes count them. */
type Suite = { name: string; seed: string | null; stated: number; failing: number };
type Case = { attributes: Attributes; status: string; message: string | null };

const numberOf = (text: string | undefined) => {
  const value = text?.trim() ? Number(text.replaceAll(",", "")) : NaN;
  return Number.isFinite(value) ? value : null;
};

const statedIn = ({ failures, errors }: Attributes) =>
  (numberOf(failures) ?? 0) + (numberOf(errors) ?? 0);

/** cocotb 2 calls them error_msg and error_type. */
const messageOf = ({ message, error_msg, type, error_type }: Attributes) =>
  message ?? error_msg ?? type ?? error_type ?? null;

class Junit {
  readonly #append: Append;
  readonly #suites: Suite[] = [];
  #case: Case | undefined;
  #message: string | null = null;
  #said: Said = {};

  constructor(readonly out: Output, readonly tool: string | null) {
    this.#append = out.table("tests", COLUMNS, "qor");
  }

  open(name: string, attributes: Attributes) {
    if (name === "testsuite" || name === "testsuites") this.#openSuite(attributes);
    else if (name === "testcase") this.#case = { attributes, status: "passed", message: null };
    else if (name === "property") this.#setProperty(attributes);
    else if (OUTCOMES.has(name)) this.#message = messageOf(attributes);
  }

  #openSuite(attributes: Attributes) {
    const { name = "", timestamp = "" } = attributes;
    const seed = attributes.random_seed ?? this.#suites.at(-1)?.seed ?? null;
    this.#suites.push({ name, seed, stated: statedIn(attributes), failing: 0 });
    if (WHEN.test(timestamp) && !(this.#said.run_ts! <= timestamp)) this.#said.run_ts = timestamp;
    if (/^pytest$/i.test(name)) this.#said.tool = "pytest";
  }

  #setProperty({ name = "", value = "" }: Attributes) {
    const suite = this.#suites.at(-1);
    if (suite && /^(?:random_?)?seed$/i.test(name)) suite.seed = value;
  }

  close(name: string, text: string) {
    if (OUTCOMES.has(name) && this.#case) this.#setOutcome(this.#case, name, text);
    else if (name === "testcase" && this.#case) this.#addCase(this.#case);
    else if (name === "testsuite" || name === "testsuites") this.#closeSuite();
  }

  /** A suite can fail outside of its cases, and a case can have a failure and an error. */
  #closeSuite() {
    const { name = "", stated = 0, failing = 0 } = this.#suites.at(-1) ?? {};
    const message = "Counted by the suite, not by a test case.";
    for (let i = failing; i < Math.min(stated, failing + MOST_ADDED); i++) {
      this.#addCase({ attributes: { name }, status: "error", message });
    }
    const { failing: all = 0 } = this.#suites.pop() ?? {};
    const above = this.#suites.at(-1);
    if (above) above.failing += all;
  }

  #setOutcome(one: Case, name: string, text: string) {
    const status = name === "failure" ? "failed" : name;
    if (STATUSES.indexOf(status) <= STATUSES.indexOf(one.status)) return;
    one.status = status;
    const message = (this.#message?.trim() || text.trim()).slice(0, LONGEST_MESSAGE);
    one.message = message || null;
  }

  #addCase({ attributes, status, message }: Case) {
    const { name = "", classname = "", time, sim_time_ns, file, line, lineno } = attributes;
    const suite = this.#suites.map((one) => one.name).filter(Boolean).join(" / ");
    const own = this.#suites.at(-1);
    if (own && (status === "failed" || status === "error")) own.failing++;
    this.#append([
      ...[suite || null, classname || null, name || null, status],
      ...[own?.seed ?? null, numberOf(time), numberOf(sim_time_ns), message],
      ...[file ?? null, numberOf(lineno ?? line)],
    ]);
    this.#case = undefined;
  }

  end() {
    if (this.tool) this.#said.tool = this.tool;
    this.out.say(this.#said);
  }
}

const openAs = (tool: string | null) => (out: Output) => {
  const junit = new Junit(out, tool);
  const xml: Xml = new Xml({
    open(name, attributes) {
      if (xml.path.length === 1 && !/^testsuites?$/.test(name)) {
        xml.fail(`<testsuites> or <testsuite> is expected, not <${name}>`);
      }
      junit.open(name, attributes);
    },
    close: (name, text) => junit.close(name, text),
  });
  return {
    write: (text: string) => xml.write(text),
    end() {
      xml.end();
      junit.end();
    },
  };
};

const hasRoot = (start: string) => /^testsuites?$/.test(rootOf(start) ?? "");
const COCOTB =
  /<testsuites name="results"|\s(?:sim_time_(?:ns|ps|unit)|ratio_time)=|"random_seed"|<testsuite name="all" package="all"/;

/** The format of Ant's and pytest's junit.xml: https://github.com/testmoapp/junitxml. */
export const junit: Format = {
  name: "junit",
  tool: null,
  kind: "qor",
  table: "tests",
  recognise: (start) => hasRoot(start) ? 0.9 : 0,
  open: openAs(null),
};

/** What cocotb's regression manager writes (cocotb/_xunit_reporter.py): no counts on suites. */
export const junitCocotb: Format = {
  name: "junit-cocotb",
  tool: "cocotb",
  kind: "qor",
  table: "tests",
  recognise: (start) => hasRoot(start) && COCOTB.test(start) ? 1 : 0,
  open: openAs("cocotb"),
};
