/** The folder of src whose SQL may name a table or view. */
export const OWNERS: Record<string, string> = {
  settings: "credentials",
  audit: "audit",
  users: "users",
  api_keys: "users",
  sessions: "users",
  sign_in_links: "users",
  credentials: "credentials",
  credential_versions: "credentials",
  workspaces: "workspaces",
  workspace_steps: "workspaces",
  retries: "retries",
  orphans: "workspaces",
  datasources: "grafana",
  templates: "templates",
  template_versions: "templates",
  template_choices: "templates",
  mappings: "measures",
  scanned_databases: "pipeline",
  scanned_tables: "pipeline",
  ignored_tables: "pipeline",
  read_views: "pipeline",
  dashboards: "pipeline",
  batches: "pipeline",
  runs: "pipeline",
  slack_pauses: "pipeline",
  slack_teams: "pipeline",
  slack_channels: "pipeline",
  channel_messages: "pipeline",
  digest_schedule: "pipeline",
  digests: "pipeline",
  awaited_runs: "pipeline",
  imports: "imports",
  run_numbers: "pipeline",
  listed_dashboards: "dashboards",
  sought_dashboards: "dashboards",
  slack_seen: "slack",
  ticks: "diagnostics",
  dashboards_as_before: "dashboards",
  dashboardtiming: "dashboards",
  dashboardqor: "dashboards",
  dashboarddrc: "dashboards",
  adopted_dashboards: "adoption",
  refused_rows: "adoption",
};

/** Every folder after users may read the table users, which all others reference; it alone writes it. */
const BEFORE_USERS = ["external", "http", "audit"];
const READS_OF_USERS =
  /\b(?<!\bdelete\s+)(from|join)\s+users\b|(\bfrom\s+\w+(?:\s+\w+)?,\s*)users\b/gi;

/** Tables and views without an owner, and owned names that the migrations do not create. */
export function checkOwners(migrations: string): string[] {
  const made = [...migrations.matchAll(/\bcreate (?:or replace )?(?:table|view) (\w+)/gi)]
    .map(([, name]) => name!);
  return [
    ...made.filter((name) => !OWNERS[name]).map((name) => `${name} has no owner`),
    ...Object.keys(OWNERS).filter((name) => !made.includes(name)).map((name) =>
      `${name} has an owner but no migration creates it`
    ),
  ].map((fault) => `tasks/rules/tables.ts: ${fault}`);
}

const NAMED = new RegExp(
  `(?:\\b(?:from|join|update|into|using)\\s+(?:only\\s+)?|\\bfrom\\s+\\w+(?:\\s+\\w+)?,\\s*)(${
    Object.keys(OWNERS).join("|")
  })\\b`,
  "gi",
);
const COMMENTS = /^\s*(?:\/\/|\/?\*).*$/gm;

/** The tables of other folders that a file of src names in its SQL. */
export function foreignTables(path: string, text: string): string[] {
  const folder = path.split("/")[1];
  const sql = text.replace(COMMENTS, "")
    .replace(BEFORE_USERS.includes(folder!) ? /$^/ : READS_OF_USERS, "$1$2 ");
  const named = [...sql.matchAll(NAMED)].map(([, table]) => table!.toLowerCase());
  return [...new Set(named)].filter((table) => OWNERS[table] !== folder);
}

/** Breaches of table ownership in `files` (path to text), with `migrations` as SQL. */
export function checkTables(files: Map<string, string>, migrations: string): string[] {
  const found = [...files].filter(([path]) => path.startsWith("src/")).flatMap(([path, text]) =>
    foreignTables(path, text).map((table) =>
      `${path}: the table ${table} belongs to src/${OWNERS[table]}/`
    )
  );
  return [...checkOwners(migrations), ...found];
}
