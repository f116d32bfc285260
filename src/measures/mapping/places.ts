import type { Meaning } from "../columns.ts";

/** Meanings of columns that name one design under test. */
export const GROUP: Meaning[] = ["platform", "design", "variant"];
/** Meanings of columns that cut a run into parts. */
export const DIMENSIONS: Meaning[] = [
  "stage",
  "corner",
  "path_type",
  "path_group",
  "startpoint",
  "endpoint",
  "rule",
  "layer",
  "category",
  "instance",
  "cell",
  "site_type",
  "test",
  "tool",
  "metric",
  "iteration",
  "x",
  "y",
];

const PLACED: Meaning[] = [...GROUP, ...DIMENSIONS];
export const isPlaced = (word: string): word is Meaning =>
  PLACED.some((meaning) => meaning === word);
