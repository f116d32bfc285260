import { partedWords } from "./words.ts";

/** `other` (json, arrays, bytes …) can only be displayed. */
export type Shape = "time" | "number" | "text" | "boolean" | "other";

/** Synonyms, written `{name}` in a pattern. */
const CLASSES: Record<string, string[]> = {
  hold: "hold whs ths early min hd".split(" "),
  setup: "setup late max su".split(" "),
  fails:
    ("endpoints endpoint paths violations violation viol vio vios nvp fep failing violating failed drvs")
      .split(" "),
  count: "count counts number num no endpoints paths nvp fep".split(" "),
  tool: "magic klayout triton tritonroute calibre pegasus icv assura pvs".split(" "),
  viol: "violating violated failing failed violations violation viol vio vios".split(" "),
  ends: "endpoints endpoint paths path eps".split(" "),
};

function without(words: string): string {
  return words.split(" ").map((word) => `-${word}`).join(" ");
}

/** Violations that are not failing endpoints. */
const NOT_TIMING = without(
  "erc em noise xtalk crosstalk lint cdc rdc density width spacing short shorts power ir esd lup latchup antenna " +
    "drv drvs period gating layout physical well metal hole spc grid other worst waived",
);

const PART_OF_DESIGN = without(
  "min minimum buffer buf buffers inverter inv clock clk physical combinational comb sequential seq hierarchical hier register",
);

/**
 * Column meanings, most specific first. A pattern lists words that must all occur in a name, in any
 * order; `-word` must not occur, ` | ` separates alternatives, `{class}` is any word of a class.
 * Sources: METRICS 2.1 (`stage__category__metric`), headers of tool reports, names that teams use.
 */
const VOCABULARY = {
  time: [
    "time",
    "run ts | run time | run date | timestamp | ts | time | date | created at | created | at | started | finished | ended | start | end | when",
  ],
  time_unit: ["text", "time units | time unit | timescale"],
  commit: ["text", "commit | git sha | git hash | sha | revision | rev"],
  run: [
    "text number",
    "run id | run tag | run name | run number | run no | run uuid | run dir | rundir | run -type -time -date -dir -ts -seconds -hours -design -platform -variant | build -time -date -dir -type | " +
    "pipeline -time -stage | job -time -type | tag -waiver | uuid | regression id | regr id | session id",
  ],
  stage: ["text", "stage | step | flow step | phase"],
  seed: ["number text", "seed"],
  test: [
    "text",
    "property | assertion | property name | assert name | test -bench | testcase | test case | test name | testname | classname | class name",
  ],
  status: ["text", "status | result | outcome | verdict | pass fail"],
  waived: ["boolean text number", "waived | is waived | waiver -id -comment"],
  site_type: ["text", "site type | resource | resource type"],
  instance: ["text", "hinst | hier | hierarchy | instance -count | inst -count | hierarchical"],
  cell: [
    "text",
    "cell -top -library -lib -hierarchical | cell name | cell type | macro | ref name | lib cell",
  ],
  platform: ["text", "platform | pdk | technology | tech -lef | process node"],
  design: [
    "text",
    "design -rule -instance -stage -type | block name | block -memory -ram -bits | top -cell -net | top cell | top module | top name | module -type | chip -on | partition | subsystem | ip name | ip",
  ],
  variant: ["text", "variant | flow variant | experiment | config | configuration | flow"],
  path_type: [
    "text",
    "path type | pathtype | delay type | check type | analysis type | timing type | timing check",
  ],
  corner: [
    "text",
    "corner | scenario | mode corner | view | analysis view | pvt | mode -setup -hold | operating condition | operating conditions | timing model",
  ],
  path_group: [
    "text",
    "path group | pathgroup | cost group | group | clock -edge -pin | clk | clock group",
  ],
  startpoint: ["text", "startpoint | start point | launch pin | from pin | from"],
  endpoint: ["text", "endpoint | end point | capture pin | to pin | to"],
  other: [
    "number",
    "wpws | tpws | pulse | estimated | estimate | est | target | goal | limit | required | baseline | previous | prev | golden | " +
    "suggested | unconstrained | period | old | delta | diff | budget | improvement | endpoints total -{bad} | paths total -{bad} | all endpoints -{bad} | all paths -{bad} | wns percent | power delta",
  ],
  skew: ["number", "skew | clk skew"],
  antenna: ["number", "antenna"],
  slew_violations: [
    "number",
    "max slew -limit | slew {viol} | tran {viol} | transition {viol} | max tran -limit | max transition -limit",
  ],
  cap_violations: [
    "number",
    "max cap -limit | cap {viol} | capacitance {viol} | max capacitance -limit",
  ],
  fanout_violations: ["number", "fanout {viol} | max fanout -limit"],
  hold_tns: [
    "number",
    "ths -{fails} | hold tns -{fails} | {hold} tns -{fails} | {hold} slack total | {hold} total negative | " +
    "total {hold} violation -{count}",
  ],
  hold_wns: [
    "number",
    "whs -{count} | {hold} wns -{count} | {hold} ws -{count} | {hold} worst slack | worst {hold} violation | {hold} slack -{count} | worst {hold} -skew",
  ],
  hold_violations: ["number", "{hold} {fails} -hole"],
  setup_tns: [
    "number",
    "tns -{fails} | total negative slack -{count} | total slack -{count} | total {setup} violation -{count} | total {setup} slack",
  ],
  setup_wns: [
    "number",
    "wns -percent -{count} | ws -{count} | worst slack -{count} | critical slack | worst negative slack -{count} | {setup} slack -{count} | worst {setup} violation | worst {setup} -skew",
  ],
  setup_violations: ["number", "{setup} {fails} | tns {fails} | wns {fails}"],
  slack: ["number", "slack"],
  frequency: ["number", "fmax | frequency | freq"],
  lvs_errors: ["number", "lvs"],
  drc_total: [
    "number",
    "drc -iter | drcs -iter | {tool} violations | {tool} violation | {tool} errors",
  ],
  iteration: ["number", "iteration -drc | iter -drc -wirelength | pass number"],
  failing_tests: [
    "number",
    "tests failed | tests failing | test failures | failed tests | failing tests | tests fail | fails | num fail | fail count | failures",
  ],
  layer: ["text", "layer"],
  rule: [
    "text",
    "rule -op | drc type | check name | violation type | drc check | rulecheck | rule check",
  ],
  category: ["text", "category | class | type | on chip | power group | cell group | group name"],
  severity: ["text", "severity"],
  tool: ["text", "tool -version | checker | engine"],
  violations: [
    "number",
    `violations ${NOT_TIMING} | violation ${NOT_TIMING} | viol ${NOT_TIMING} | vios ${NOT_TIMING} | {viol} {ends} ${NOT_TIMING} | nvp | fep`,
  ],
  utilization: ["number", "utilization | utilisation | util | density -power"],
  area: [
    "number",
    `area -io -core -die -net -macros -macro -stdcell -floorplan -bbox -blackbox ${PART_OF_DESIGN} | total area -net ${PART_OF_DESIGN} | cell area -per ${PART_OF_DESIGN} | area total ${PART_OF_DESIGN}`,
  ],
  leakage: ["number", "leakage | leak"],
  power: [
    "number",
    "power -internal -switching -dynamic -percent -static -pct -clock -clk -density -ratio -domain -switch",
  ],
  wirelength: ["number", "wirelength -iter | wire length -iter | wl | hpwl | wire len"],
  vias: ["number", "vias | via count"],
  ir_drop: ["number", "ir drop | irdrop | voltage drop"],
  memory: ["number", "peak mem | memory | mem | rss"],
  runtime: [
    "number text",
    "runtime | total time | elapsed | wall time | walltime | duration | cpu time | run time | task time",
  ],
  cells: [
    "number",
    `cells -io -macro -tie -fill -filler ${PART_OF_DESIGN} | instance count ${PART_OF_DESIGN} | instances ${PART_OF_DESIGN} | cell count ${PART_OF_DESIGN} | inst count -io ${PART_OF_DESIGN}`,
  ],
  errors: ["number", "errors | error count | mismatches"],
  count: [
    "number",
    "count | num | occurrences | total | multiplicity | result count | results | violation count",
  ],
  x: ["number", "x | x1 | llx | x min | xmin | cx"],
  y: ["number", "y | y1 | lly | y min | ymin | cy"],
  x_end: ["number", "x2 | urx | x max | xmax"],
  y_end: ["number", "y2 | ury | y max | ymax"],
  metric: ["text", "metric -value -unit -units | metric name | kpi | figure"],
  value: ["number", "value | val | metric value"],
  unit: ["text", "unit | units | uom"],
  failed: ["boolean", "pass | passed"],
  depth: ["number", "depth | level | hier level"],
  used: ["number", "used"],
  site_utilization: ["number", "utilization of site"],
} as const;

export type Meaning = keyof typeof VOCABULARY;

type Pattern = { all: string[][]; none: string[]; joined: string };
type Entry = { meaning: Meaning; shapes: string[]; patterns: Pattern[] };

const BAD = "failing violating failed violations violation viol vio nvp fep negative".split(" ");
const membersOf = (word: string) =>
  word === "{bad}" ? BAD : /^\{.*\}$/.test(word) ? CLASSES[word.slice(1, -1)]! : [word];

const ENTRIES: Entry[] = Object.entries(VOCABULARY).map(([meaning, [shapes, spellings]]) => ({
  meaning: meaning as Meaning,
  shapes: shapes.split(" "),
  patterns: spellings.split(" | ").map((spelling) => {
    const words = spelling.trim().split(" ");
    const all = words.filter((word) => !word.startsWith("-"));
    const none = words.filter((word) => word.startsWith("-")).map((word) => word.slice(1));
    return { all: all.map(membersOf), none: none.flatMap(membersOf), joined: all.join("") };
  }),
}));

/** Short or common words have their meaning only when the name has no other word. */
const ALONE = new Set(
  ("x y at group class mode step count num total view rev val unit units tag to from start end when clk clock ip top " +
    "module flow status result type fails failures no level depth date tool time job cell errors figure resource " +
    "period used test category property assertion").split(" "),
);
/** Words that do not count beside one of ALONE: `Clock Name`, `Physical Design Stage`. */
const FILLERS = new Set("name id physical".split(" "));

function fits({ all, none, joined }: Pattern, words: string[], stem: string): boolean {
  if (joined === stem) return true;
  if (all.length === 1 && all[0]!.length === 1 && ALONE.has(all[0]![0]!)) {
    return all[0]![0] === words.filter((word) => !FILLERS.has(word)).join(" ");
  }
  return all.every((one) => one.some((word) => words.includes(word))) &&
    !none.some((word) => words.includes(word));
}

export function meaningOfWords(words: string[], shape: Shape): Meaning | undefined {
  const stem = words.join("");
  const parts = partedWords(words);
  const found = ENTRIES.find(({ shapes, patterns }) =>
    shapes.includes(shape) && patterns.some((pattern) => fits(pattern, parts, stem))
  )?.meaning;
  return found === "other" ? undefined : found;
}

export function wordsFor(meaning: Meaning | undefined): string[] {
  return ENTRIES.find((entry) => entry.meaning === meaning)?.patterns
    .flatMap(({ all }) => all.flat()) ?? [];
}
