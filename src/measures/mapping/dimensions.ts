import type { Meaning } from "../columns.ts";

export const GROUP: Meaning[] = ["platform", "design", "variant"];
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

const ROLES: Meaning[] = [...GROUP, ...DIMENSIONS];
export const isRoleWord = (word: string): word is Meaning =>
  ROLES.some((meaning) => meaning === word);
