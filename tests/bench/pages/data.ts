import type { Sql } from "../../../src/external/postgres/postgres.ts";

export const ROWS = 100_000;
export const USERS = 1_000_000;
/** Own most of the dashboards: u1, u2, … */
const OWNERS = 1_000;
export const ENTRIES = 1_000_000;
/** Dashboards filled at once. */
const STEP = 5_000;

/** An installation after a year: users, their workspaces and audit entries, dashboards with their runs. */
export async function fillAll(db: Sql): Promise<void> {
  await fillUsers(db);
  await fillAudit(db);
  await db`alter table dashboards disable trigger moved`; // no event for each row
  for (let from = 1; from <= ROWS; from += STEP) await fillDashboards(db, from);
  await fillScan(db);
  await db`vacuum analyze`;
}

/** One in ten inactive, one in 1,000 an admin, one in 100 workspaces incomplete. */
async function fillUsers(db: Sql): Promise<void> {
  await db`
    insert into users (username, role, is_active)
    select case when i <= ${OWNERS} then 'u' || i else 'u' || substr(md5(i::text), 1, 15) end,
      case when i % 1000 = 1 then 'admin' else 'member' end, i % 10 <> 0
    from generate_series(1, ${USERS}) i`;
  await db`
    insert into workspaces
      (user_id, username, owner_password, reader_password, ready_at, checked_at, bytes)
    select id, username, 'x', 'x', now(), now(), 1e8 from users`;
  await db`
    insert into workspace_steps (user_id, position, name, state)
    select id, p, 'step ' || p, case when p < 6 then 'done' when id % 5000 = 1 then 'failed'
      when id % 100 = 2 then 'pending' else 'done' end from users, generate_series(5, 6) p`;
}

async function fillAudit(db: Sql): Promise<void> {
  await db`
    insert into audit (at, actor, action, subject, user_id, from_address, outcome)
    select now() - (${ENTRIES} - i) * interval '31 seconds', 'u' || i % 500,
      case when i % 20 = 0 then 'credential.change' when i % 9999 = 0 then 'orphan.remove'
        else 'credential.reveal' end,
      'u' || i % 20000 || '/TOKEN', i % 20000, '10.0.0.1',
      case when i % 3000 = 0 then 'refused' else 'ok' end
    from generate_series(1, ${ENTRIES}) i`;
}

/** Most are done, few need attention, some outcomes are rare, 1 % archived; half of the last found today. */
async function fillDashboards(db: Sql, from: number): Promise<void> {
  await db`
    with made as (
      insert into dashboards (user_id, kind, schema_name, table_name, content, step, stopped, board,
        outcome, designs, last_error, archived_at, run_at, waiting_since)
      select 1 + n % ${OWNERS}, (array['timing', 'qor', 'drc'])[1 + n % 3], 'public',
        (array['runs', 'wns_paths', 'drc_cells', 'power'])[1 + n % 4] || '_' ||
          substr(md5(n::text), 1, 8),
        n::text,
        case when n % 500 = 0 then 'capture' when n % 997 = 0 then 'create' else 'done' end,
        n % 2000 = 1, jsonb_build_object('panels', repeat(md5(n::text), 40)),
        case when n % 10000 = 7 then 'denied' when n % 300 = 0 then 'error' else 'loaded' end,
        array['design_' || n % 4000, 'cpu'],
        case when n % 2000 = 1 then 'Slack refused the token.' end,
        case when n % 100 = 99 then now() end,
        now() - (${ROWS} - n) * interval '20 seconds', now() - (${ROWS} - n) * interval '20 seconds'
      from generate_series(${from}::int, ${from + STEP - 1}::int) n
      returning id, run_at
    ), names as (
      select unnest(array['setup_wns', 'setup_tns', 'violations', 'runtime']) as name
    ), numbers as (
      insert into run_numbers (dashboard_id, group_name, run_name, run, name, value, unit, sure)
      select id, 'cpu', 'run ' || n, n, name, n * 0.1, 'ns', true
      from made, names, generate_series(1, 3) n
    )
    insert into runs (dashboard_id, run, row_count, numbers, numbers_at, thumbnail, captured_at)
    select id, 1, 1000, (select jsonb_agg(jsonb_build_object('name', name, 'group', 'cpu',
        'value', -0.1, 'unit', 'ns', 'before', -0.2, 'change', 0.1,
        'better', id % 50 <> 0)) from names), run_at, decode('00', 'hex'), run_at
    from made`;
}

/** One table in 100 waits for its writes to finish, half of those for the first time. */
async function fillScan(db: Sql): Promise<void> {
  await db`
    insert into scanned_tables
      (user_id, kind, schema_name, table_name, counter, content, changed_at, since, why)
    select user_id, kind, schema_name,
      case when id % 200 = 0 then 'new_' || table_name else table_name end, 1, 'x', now(),
      now() - id * interval '1 ms',
      case when id % 100 = 0 then 'waiting for writes to finish (60 s without a change)' end
    from dashboards where archived_at is null`;
}
