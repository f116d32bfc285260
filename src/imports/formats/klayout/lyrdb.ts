import { Totals } from "../drc/totals.ts";
import type { Append, Format, Output, Said } from "../format.ts";
import { own } from "../own.ts";
import { rootOf, Xml } from "../xml.ts";
import { partsOf } from "./quoted.ts";
import { addValue, type Read } from "./values.ts";

const COLUMNS = [
  ...["rule", "category", "layer", "cell", "description", "count"],
  ...["x1_um", "y1_um", "x2_um", "y2_um", "nets", "waived", "shape", "comment"],
];
const MOST_KEPT = 100_000;
const XOR = /^XOR\b/i;
const LAYER = /^On layer (.+)$/;
const BETWEEN = /^Between (.+)$/;
const WAIVED = /(?:^|,)\s*'?waived'?\s*(?:,|$)/;

type Rule = { rule: string; category: string | null };
type Category = { name: string; description: string };

const HEAD = new Set(["description", "generator", "top-cell"]);
const FIELDS = new Set(["category", "cell", "tags", "comment"]);

/** KLayout counts an item once, whatever its multiplicity (rdb.cc, Database::set_items). */
class Lyrdb {
  readonly #totals = new Totals();
  readonly #rules = new Map<string, Rule>();
  readonly #descriptions = new Map<string, string>();
  readonly #open: Category[] = [];
  readonly #append: Append;
  #fields: Record<string, string> = {};
  #values: Read = { notes: [] };
  #cells = new Set<string>();
  #head: Record<string, string> = {};
  #writer: string | undefined;
  #converter: string | undefined;
  #items = 0;

  constructor(readonly out: Output) {
    this.#append = out.table("violations", COLUMNS, "drc");
  }

  open(name: string, parent: string | undefined) {
    if (name === "category" && parent === "categories") {
      this.#open.push({ name: "", description: "" });
    }
    if (name === "item") {
      this.#fields = {};
      this.#values = { notes: [] };
    }
  }

  close(name: string, parent: string | undefined, text: string) {
    if (parent === "values") addValue(this.#values, text);
    else if (parent === "item") {
      if (FIELDS.has(name)) this.#fields[name] = text.trim();
    } else if (name === "item" && parent === "items") this.#addItem();
    else if (parent === "category") {
      const category = this.#open.at(-1);
      if (category && name === "name") category.name = own(text.trim());
      if (category && name === "description") category.description = own(text.trim());
    } else if (name === "category" && parent === "categories") this.#addCategory();
    else if (parent === "cell" && name === "name" && this.#cells.size < 2) {
      this.#cells.add(own(text.trim()));
    } else if (parent === "report-database") this.#closeSection(name, text);
  }

  /** Without head and items only the order says who wrote the file. */
  #closeSection(name: string, text: string) {
    if (name === "categories") this.#converter ??= "Magic (converted by OpenLane)";
    else if (name === "cells") this.#converter ??= "Magic (converted by LibreLane)";
    if (HEAD.has(name)) this.#head[name] = own(text.trim().slice(0, 10_000));
  }

  #addCategory() {
    const path = this.#open.map(({ name }) => name).join(".");
    const { description = "" } = this.#open.pop() ?? {};
    if (description && this.#descriptions.size < MOST_KEPT) {
      this.#descriptions.set(path, description);
    }
  }

  #ruleOf(path: string): Rule {
    const known = this.#rules.get(path);
    if (known) return known;
    const parts = partsOf(path);
    const above = parts.length > 1 && /^['"]|['"]$/.test(path)
      ? parts.slice(0, -1).join(".")
      : null;
    const found = { rule: own(parts.join(".")), category: above && own(above) };
    if (this.#rules.size < MOST_KEPT) this.#rules.set(own(path), found);
    return found;
  }

  #addItem() {
    const { category = "", cell = "", tags = "", comment = "" } = this.#fields;
    const { rule, category: above } = this.#ruleOf(category);
    const { box = [null, null, null, null], shape = null, notes } = this.#values;
    const layer = notes.map((note) => LAYER.exec(note)?.[1]).find(Boolean) ?? null;
    const between = notes.map((note) => BETWEEN.exec(note)?.[1]).find(Boolean);
    if (this.#items++ === 0) this.#writer = writerOf(notes, between);
    const nets = between && !between.startsWith("N/A") ? between.replaceAll(" ", ",") : null;
    const said = [comment, ...notes.filter((note) => !LAYER.test(note) && !BETWEEN.test(note))]
      .filter((note) => note && note !== "None").join("; ") || null;
    const waived = WAIVED.test(tags);
    const count = XOR.test(this.#head.description ?? "") ? null : 1;
    if (count && !waived) this.#totals.add(rule, layer);
    this.#append([
      ...[rule, above, layer, cell || null, this.#descriptions.get(rule) ?? null, count],
      ...[...box, nets, waived, shape, said],
    ]);
  }

  end() {
    const { generator = "", description = "" } = this.#head;
    const design = this.#head["top-cell"] || (this.#cells.size === 1 ? [...this.#cells][0] : "");
    const tool = generator || description
      ? "KLayout"
      : this.#writer ?? this.#converter ?? "KLayout";
    const said: Said = { tool };
    if (design) said.design = design;
    this.out.say(said);
    if (XOR.test(description)) {
      this.out.table("summary", ["rule", "xor_differences"], "drc")(["XOR", this.#items]);
    } else this.#totals.write(this.out);
  }
}

/** OpenLane and LibreLane write the reports of other tools as lyrdb. */
function writerOf(notes: string[], between: string | undefined): string | undefined {
  if (between) return `${between.startsWith("N/A") ? "Magic" : "OpenROAD"} (converted by OpenLane)`;
  if (notes.length !== 1) return undefined;
  if (notes[0] === "None") return "Magic (converted by LibreLane)";
  return / to /.test(notes[0]!) ? "OpenROAD (converted by LibreLane)" : undefined;
}

/** https://www.klayout.de/doc/about/rdb_format.html and src/rdb/rdb/rdbFile.cc of KLayout. */
export const klayoutLyrdb: Format = {
  name: "klayout-lyrdb",
  tool: "KLayout",
  kind: "drc",
  table: "violations",
  recognise: (start) => rootOf(start) === "report-database" ? 1 : 0,
  open(out) {
    const lyrdb = new Lyrdb(out);
    const xml: Xml = new Xml({
      open(name) {
        if (xml.path.length === 1 && name !== "report-database") {
          xml.fail(`<report-database> is expected, not <${name}>`);
        }
        lyrdb.open(name, xml.path.at(-2));
      },
      close: (name, text) => lyrdb.close(name, xml.path.at(-2), text),
    });
    return {
      write: (text) => xml.write(text),
      end() {
        xml.end();
        lyrdb.end();
      },
    };
  },
};
