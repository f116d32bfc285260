import { type Column, type Meaning, wordsOf } from "../columns.ts";
import { wordsFor } from "./vocabulary.ts";

/** Stage words, latest first. */
export const LATEST =
  ("finish final signoff spef post postroute detailedroute drt route globalroute grt postcts cts detailedplace " +
    "place pl prects preroute pre floorplan synth syn").split(" ");
/** The rank of a name without a stage: `wns` goes before `pl_wns`, and `route_wns` before `wns`. */
export const NO_STAGE = LATEST.indexOf("globalroute") - 0.5;

/** Words of a slack that is not this run's result, or of another stage. */
const OTHER = new Set([
  ...LATEST,
  ..."target goal limit required before previous prev old last baseline real raw est ideal golden ref"
    .split(" "),
]);

const PATH_GROUP = /^(?:\w+2\w+|io|default|clkgate\w*|\w*clk\w*|clock\w*)$/;
/** True for words such as `reg2reg`, `in2out`. */
export const isPathGroup = (word: string) => PATH_GROUP.test(word);

const CORNER = new RegExp(
  "^(?:(?:ss|tt|ff|sf|fs|wc|bc|tc|ml|lt)g?l?|slow|fast|typ|typical|nom|nominal|min|max|worst|best|func|functional|" +
    "scan|shift|capture|test|m?bist|mission|sleep|r?c?(?:worst|best|typ)|corner|view|mode|[mnc]?\\d+[a-z]?|" +
    "\\d*[vp]\\d+v?|\\d+[cv])$",
);
const isPart = (word: string) =>
  CORNER.test(word) || isPathGroup(word) || /^(?:all|total)$/.test(word);

type Parting = { own: string[]; other: string[] };

function parting(a: Column, b: Column): Parting | undefined {
  if (a.meaning !== b.meaning || a.unit?.symbol !== b.unit?.symbol) return undefined;
  const [left, right] = [wordsOf(a.name), wordsOf(b.name)];
  const own = left.filter((word) => !right.includes(word));
  const other = right.filter((word) => !left.includes(word));
  const known = wordsFor(a.meaning).filter((word) => !CORNER.test(word));
  if ([...own, ...other].some((word) => known.includes(word) || OTHER.has(word))) return undefined;
  return own.length > 0 && other.length > 0 ? { own, other } : undefined;
}

/** True for `wns_usb`, `wns_pcie`. */
function differInAWord(a: Column, b: Column): boolean {
  const words = parting(a, b);
  return words?.own.length === 1 && words.other.length === 1;
}

/**
 * True when two columns are of two corners, modes or path groups: `wns_ss`, `wns_tt`. A word that is unknown counts
 * where at least three of `columns` differ only in such a word.
 */
export function areAlike(a: Column, b: Column, columns: Column[] = []): boolean {
  const words = parting(a, b);
  if (!words) return false;
  // METRICS 2.1 names the corner at the end: `timing__setup__ws__corner:max_ss_100C_1v60`.
  const [left, right] = [wordsOf(a.name), wordsOf(b.name)];
  const at = left.indexOf("corner");
  if (at > 0 && at === right.indexOf("corner")) {
    return left.slice(0, at).join() === right.slice(0, at).join();
  }
  if ([...words.own, ...words.other].every(isPart)) return true;
  const family = columns.filter((one) => one === a || differInAWord(a, one));
  return family.length > 2 && family.includes(b);
}

const SLACKS: (Meaning | undefined)[] = ["setup_wns", "setup_tns", "hold_wns", "hold_tns"];

/** True for a slack with an unknown word beside one of a stage: `ws_real` beside `ws_final`. */
export function sayAlike(column: Column, other: Column): boolean {
  if (!SLACKS.includes(column.meaning)) return false;
  const [left, right] = [wordsOf(column.name), wordsOf(other.name)].map((words) =>
    words.filter((word) => word !== column.unit?.symbol && word !== other.unit?.symbol)
  ) as [string[], string[]];
  const own = right.filter((word) => !left.includes(word));
  return left.length === right.length && left.some((word) => LATEST.includes(word)) &&
    own.length === 1 && !LATEST.includes(own[0]!) && !isPart(own[0]!);
}
