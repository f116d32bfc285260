import { type Format, type Output, ParseError, type Parser } from "../format.ts";
import { isObject } from "../json/flat.ts";
import { JsonValues } from "../json/values.ts";
import { writeLvs } from "./netgen.ts";

type Cell = Record<string, unknown>;

const listIn = (cell: Cell, name: string): unknown[] => {
  const list = cell[name];
  return Array.isArray(list) ? list : [];
};

/** Both circuits' values side by side, as far as the shorter list goes. */
function pairsOf(cell: Cell, name: string): [unknown, unknown][] {
  const [first = [], second = []] = listIn(cell, name) as [unknown[]?, unknown[]?];
  if (!Array.isArray(first) || !Array.isArray(second)) return [];
  return first.slice(0, second.length).map((one, i) => [one, second[i]]);
}

const numberAt = (device: unknown) => Array.isArray(device) ? Number(device[1]) || 0 : 0;

/** A global name may end in `!`; "(no pin)" is a pin that the other netlist leaves open. */
const pinOf = (pin: unknown) => String(pin).toLowerCase().replace(/!$/, "");

function errorsOf(top: Cell): number {
  const devices = pairsOf(top, "devices").map(([a, b]) => Math.abs(numberAt(a) - numberAt(b)));
  const [nets, others] = listIn(top, "nets");
  const pins = pairsOf(top, "pins").map(([a, b]) => [pinOf(a), pinOf(b)]);
  const unmatched = pins.filter(([a, b]) => a !== b && a !== "(no pin)" && b !== "(no pin)");
  return devices.reduce((a, b) => a + b, 0) +
    Math.abs((Number(nets) || 0) - (Number(others) || 0)) +
    listIn(top, "badnets").length + listIn(top, "badelements").length + unmatched.length;
}

/** Counts as LibreLane (steps/netgen.py) and count_lvs.py: the last cell, and properties of all. */
function open(out: Output): Parser {
  let top: Cell | undefined;
  let properties = 0;
  const values = new JsonValues((value, line) => {
    if (!isObject(value)) throw new ParseError("A cell is expected.", line);
    properties += listIn(value, "properties").length;
    top = value;
  });
  return {
    write: (text) => values.write(text),
    end() {
      values.end();
      if (!top) throw new ParseError("The file holds no cells.", 1);
      const [design] = listIn(top, "name");
      if (typeof design === "string") out.say({ design });
      const errors = errorsOf(top) + properties;
      writeLvs(out, errors, errors === 0 ? "match" : "mismatch");
    },
  };
}

/** What Netgen's `lvs … -json` writes: a list of cells. */
export const netgenLvsJson: Format = {
  name: "netgen-lvs-json",
  tool: "Netgen",
  kind: "drc",
  table: "summary",
  recognise: (start) =>
    /^\ufeff?\s*\[\s*\{\s*"(?:name|pins|devices|nets)"\s*:\s*\[/.test(start) &&
      /"(?:pins|badnets|badelements)"\s*:\s*\[/.test(start)
      ? 0.9
      : 0,
  open,
};
