import { extrasOf, type Plan } from "./adopt.ts";

const MOST_NAMES = 100;

function listed(names: string[]): string {
  if (names.length === 0) return "none";
  const more = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return `${names.length}: ${shown}${more > 0 ? `, and ${more} more` : ""}`;
}

/** The plan for a person, a line each: counts, names and reasons, never a value. */
export function describePlan(plan: Plan): string[] {
  const { users, credentials, dashboards, keys, taken, refused } = plan;
  const withKey = keys.hashes.map(({ user }) => user);
  const withDatabases = users.map(({ username }) => username).filter((name) => !taken.has(name));
  const byKind = Map.groupBy(dashboards, ({ table }) => table);
  const columns = new Set(
    extrasOf(plan).flatMap(({ table, row }) => Object.keys(row).map((name) => `${table}.${name}`)),
  );
  return [
    `Old tables, dropped at the end: ${plan.tables.join(", ")}`,
    `Users: ${
      listed(users.map(({ username, role }) => role === "admin" ? `${username} (admin)` : username))
    }`,
    `Keys that go on working: ${listed(withKey)}`,
    ...keys.short_for.map((user) =>
      `  ${user}'s key is short, and soon guessed from a dump: rotate it`
    ),
    ...keys.new_key_for.map(({ user, why }) => `  ${user} needs a new key: ${why}`),
    `Credentials, sealed: ${
      listed(credentials.map(({ user, key_name }) => `${user}/${key_name}`))
    }`,
    ...[...byKind].map(([table, rows]) =>
      `${table}, as done: ${listed(rows.map(({ user, table_name }) => `${user}/${table_name}`))}`
    ),
    `Users who get the three databases: ${listed(withDatabases)}`,
    ...[...taken].map(([user, names]) =>
      `  ${user} gets none, ${
        names.join(", ")
      } being on the server: rename that before, if ${user} is to have them`
    ),
    ...(columns.size > 0
      ? [`Columns without a place here, kept sealed in refused_rows: ${[...columns].join(", ")}`]
      : []),
    `Refused: ${refused.length === 0 ? "none" : refused.length}`,
    ...refused.map(({ table, name, why }) => `  ${table}: ${name}: ${why}`),
  ];
}
