import {
  type Append,
  type Cell,
  type Format,
  type Output,
  ParseError,
  type Parser,
} from "../format.ts";
import { isObject } from "../json/flat.ts";
import { JsonValues } from "../json/values.ts";
import { Totals } from "./totals.ts";

const COLUMNS = [
  ...["rule", "category", "layer", "description", "count", "x1_um", "y1_um", "x2_um", "y2_um"],
  ...["nets", "waived", "comment"],
];

type Node = Record<string, unknown>;

const listOf = (value: unknown): Node[] => Array.isArray(value) ? value.filter(isObject) : [];
const textOf = (value: unknown) => typeof value === "string" && value.trim() ? value.trim() : null;

/** The points of all shapes; old files have them under `shape`, new ones under `shape[].points`. */
function boxOf(violation: Node): Cell[] {
  const shapes = listOf(violation.shape);
  const points = shapes.flatMap((one) => "points" in one ? listOf(one.points) : [one])
    .map(({ x, y }) => [Number(x), Number(y)] as const)
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (points.length === 0) return [null, null, null, null];
  return points.reduce(
    ([x1, y1, x2, y2], [x, y]) => [
      ...[Math.min(x1!, x), Math.min(y1!, y), Math.max(x2!, x), Math.max(y2!, y)],
    ],
    [Infinity, Infinity, -Infinity, -Infinity],
  );
}

class Markers {
  readonly #totals = new Totals();
  readonly #append: Append;

  constructor(readonly out: Output) {
    this.#append = out.table("violations", COLUMNS, "drc");
  }

  /** `category` holds categories by name, or is a list of them with names. */
  addAll(categories: unknown, above: string | null) {
    const named = Array.isArray(categories)
      ? listOf(categories).map((one): [string, Node] => [String(one.name ?? ""), one])
      : isObject(categories)
      ? Object.entries(categories).filter((one): one is [string, Node] => isObject(one[1]))
      : [];
    for (const [rule, category] of named) {
      const description = textOf(category.description);
      for (const one of listOf(category.violations)) this.#add(rule, above, description, one);
      this.addAll(category.category, rule);
    }
  }

  #add(rule: string, above: string | null, description: string | null, violation: Node) {
    const layer = textOf(violation.layer);
    const waived = String(violation.waived) === "true";
    if (!waived) this.#totals.add(rule, layer);
    const nets = listOf(violation.sources).map(({ name }) => textOf(name)).filter(Boolean).join(
      ",",
    );
    this.#append([
      ...[rule, above, layer, description, 1, ...boxOf(violation)],
      ...[nets || null, waived, textOf(violation.comment)],
    ]);
  }

  end() {
    this.#totals.write(this.out);
  }
}

function open(out: Output): Parser {
  const markers = new Markers(out);
  let seen = 0;
  const values = new JsonValues((value, line, inArray) => {
    if (seen++ > 0 || inArray || !isObject(value)) {
      throw new ParseError("One object with a category of markers is expected.", line);
    }
    for (const top of Object.values(value)) {
      if (Array.isArray(top)) markers.addAll(top, null);
      else if (isObject(top)) {
        if (/KLayout/.test(String(top.description))) {
          out.say({ tool: "KLayout (converted for OpenROAD)" });
        }
        markers.addAll(top.category, null);
      }
    }
  });
  return {
    write: (text) => values.write(text),
    end() {
      values.end();
      if (seen === 0) throw new ParseError("The file holds no markers.", 1);
      markers.end();
    },
  };
}

/** dbMarkerCategory::writeJSON() of OpenROAD, and ORFS' util/convertDrc.py; coordinates in µm. */
export const openroadDrcJson: Format = {
  name: "openroad-drc-json",
  tool: "OpenROAD",
  kind: "drc",
  table: "violations",
  recognise(start) {
    if (!/^\ufeff?\s*\{\s*"[^"]*"\s*:\s*[{[]/.test(start)) return 0;
    const isNew = /"source"\s*:/.test(start) && /"category"\s*:/.test(start) &&
      /"violations"\s*:|"category"\s*:\s*(?:""|\{\s*\})/.test(start);
    return isNew || /^\ufeff?\s*\{\s*"DRC"\s*:\s*\[/.test(start) ? 0.9 : 0;
  },
  open,
};
