export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };
/** A path in JSON: `dashboard.panels.3.targets.0.rawSql`. */
export type Path = (string | number)[];

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const listOf = (value: Json | undefined): Json[] => Array.isArray(value) ? value : [];

/** Grafana's own dashboards are at most 12 deep; recursion is safe. */
export const MOST_DEPTH = 40;

/** Whether JSON is at most MOST_DEPTH deep, checked without recursion. */
export function isShallow(value: Json): boolean {
  let level: Json[] = [value];
  for (let depth = 0; depth <= MOST_DEPTH; depth++) {
    level = level.flatMap((one) => typeof one === "object" && one ? Object.values(one) : []);
    if (level.length === 0) return true;
  }
  return false;
}

/** Every string and field name with its path. */
export function* textsIn(value: Json, path: Path): Generator<[Path, string]> {
  if (typeof value === "string") yield [path, value];
  else if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) yield* textsIn(one, [...path, i]);
  } else if (isObject(value)) {
    for (const [name, one] of Object.entries(value)) {
      yield [path, name];
      yield* textsIn(one, [...path, name]);
    }
  }
}

/** A copy in which `change` has said of each field's value (name, value) what it becomes; undefined: go on inside. */
export function changed(
  value: Json,
  change: (value: Json, name: string, holder: JsonObject) => Json | undefined,
  name = "",
  holder: JsonObject = {},
): Json {
  const said = change(value, name, holder);
  if (said !== undefined) return said;
  if (Array.isArray(value)) return value.map((one) => changed(one, change, name, holder));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, changed(one, change, key, value)]),
  );
}

/** Panels with their paths, also in collapsed rows. */
export function panelsIn(dashboard: JsonObject): { panel: JsonObject; path: Path }[] {
  const inside = (panels: Json | undefined, at: Path): { panel: JsonObject; path: Path }[] =>
    listOf(panels).flatMap((panel, i) => {
      const path = [...at, i];
      return isObject(panel) ? [{ panel, path }, ...inside(panel.panels, [...path, "panels"])] : [];
    });
  return inside(dashboard.panels, ["dashboard", "panels"]);
}

export function targetsOf({ panel, path }: { panel: JsonObject; path: Path }) {
  return listOf(panel.targets).flatMap((target, i) =>
    isObject(target) ? [{ target, path: [...path, "targets", i] }] : []
  );
}
