/** Units at the end of a name; `units.ts` defines them. */
const UNIT_WORDS = new Set(
  ("fs ps ns us ms s sec secs seconds mins minutes hours hrs h um mm um2 mm2 w mw uw nw v mv hz mhz ghz kb mb gb kib " +
    "mib gib bytes ff pf pct percent kge").split(" "),
);

/** Normalizes `µm^2`, `um²`, `sq_um` and `%`. */
function plainUnits(name: string): string {
  return name.normalize("NFKC").replace(/[µμ]/g, "u").replace(/%/g, "_pct")
    .replace(/([um]m)\s*\^\s*2/gi, "$12").replace(/sq_([um]m)(?!\p{L})/giu, "$12");
}

/** Words that names join: `setuptns`, `cellarea`, `peakpower`. */
const JOINABLE = new Set(
  ("setup hold wns tns whs ths slack worst total negative cell cells area core die macro power peak leakage " +
    "leak dynamic switching internal static paths path endpoints endpoint failing violating violation violations " +
    "viol vio drc drcs lvs errors error count counts util utilization fmax freq frequency wire length run time task " +
    "cpu wall group net nets name logic depth levels instance instances inst mem memory nvp fep tran cap fanout usage max min num " +
    "start end point clock period skew test tests case design top module block corner stage step metric value unit " +
    "type rule layer build number job id tag reg density drv").split(" "),
);
/** Words that must not be split. */
const WHOLE = new Set(
  "runtime walltime timestamp startpoint endpoint endpoints wirelength testbench timeunit pathtype nettype"
    .split(" "),
);

function parted(word: string): string[] {
  if (JOINABLE.has(word) || WHOLE.has(word) || UNIT_WORDS.has(word)) return [word];
  for (let end = word.length - 2; end >= 2; end--) {
    const head = word.slice(0, end);
    if (!JOINABLE.has(head)) continue;
    const rest = parted(word.slice(end));
    if (rest.every((part) => JOINABLE.has(part))) return [head, ...rest];
  }
  return [word];
}

/** Lower-case words, split at punctuation and camelCase; units such as `mW` stay whole. */
export function wordsOf(name: string): string[] {
  return plainUnits(name).split(/[^\p{L}\p{N}]+/u).flatMap((part) =>
    UNIT_WORDS.has(part.toLowerCase())
      ? [part]
      : part.replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2").split(" ")
  ).filter((word) => word !== "").map((word) => word.toLowerCase());
}

export function partedWords(words: string[]): string[] {
  return words.flatMap(parted);
}
