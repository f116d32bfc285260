import { type Column, type Meaning, wordsOf } from "../columns.ts";

type Rule = {
  /** Matches the name without its unit. */
  name: RegExp;
  meaning: Meaning;
  when: (has: Has) => boolean;
};
type Has = { meaning: (meaning: Meaning) => boolean; word: (word: string) => boolean };

const isDrc = (has: Has) => (["rule", "layer", "category"] as const).some(has.meaning);

/** Common names that have a meaning only beside certain other columns. */
const RULES: Rule[] = [
  {
    name: /^(?:num|number|count|n)$/,
    meaning: "violations",
    when: (has) => has.meaning("setup_wns") && has.meaning("setup_tns"),
  },
  {
    name: /^(?:num |n |# ?)?fail(?:ed|ing|s)?$/,
    meaning: "failing_tests",
    when: (has) => ["passed", "passing", "pass", "proven"].some(has.word),
  },
  {
    name: /^total(?: w| mw| uw| nw)?$/,
    meaning: "power",
    when: (has) => has.word("internal") && has.word("switching") && !has.meaning("power"),
  },
  {
    name: /^(?:num |number |instance )?(?:count|instances)$/,
    meaning: "cells",
    when: (has) => has.meaning("cell") && !isDrc(has) && !has.meaning("cells"),
  },
];

export function withSiblings(columns: Column[]): Column[] {
  const words = new Set(columns.flatMap(({ name }) => wordsOf(name)));
  const has: Has = {
    meaning: (meaning) => columns.some((column) => column.meaning === meaning),
    word: (word) => words.has(word),
  };
  return columns.map((column) => {
    if (column.shape !== "number" || column.meaning && column.meaning !== "count") return column;
    const name = wordsOf(column.name).join(" ");
    const rule = RULES.find((rule) => rule.name.test(name) && rule.when(has));
    return rule ? { ...column, meaning: rule.meaning } : column;
  });
}
