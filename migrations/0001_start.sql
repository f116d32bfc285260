-- The way of the data: users and their sealed keys, and one row for each table on its way to Slack.

create table settings (
  name text primary key,
  value text not null
);
insert into settings (name, value) values
  ('installation', substr(md5(gen_random_uuid()::text), 1, 6)),
  ('frontend_url', 'http://localhost:8050');

create table users (
  id bigint generated always as identity primary key,
  username text not null unique collate "C",
  role text not null check (role in ('admin', 'member')),
  is_active boolean not null default true,
  created_at timestamptz not null default now()
);

create table api_keys (
  hash bytea primary key,
  user_id bigint not null references users on delete cascade,
  from_environment boolean not null default false,
  created_at timestamptz not null default now(),
  expires_at timestamptz
);
create index on api_keys (user_id);

create table sessions (
  hash bytea primary key,
  user_id bigint not null references users on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index on sessions (user_id);

create table credentials (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  key_name text not null,
  key_value text not null, -- sealed
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, key_name)
);

create table workspaces (
  user_id bigint primary key references users on delete cascade,
  owner_password text not null, -- sealed
  reader_password text not null, -- sealed
  ready_at timestamptz,
  last_error text
);

-- What the scan remembers between two looks: of each database its counter, of each table what it held.
create table scanned_databases (
  user_id bigint not null references users on delete cascade,
  kind text not null check (kind in ('timing', 'qor', 'drc')),
  counter bigint not null, -- rows ever inserted, updated and deleted there
  opened_at timestamptz not null default now(),
  primary key (user_id, kind)
);

create table scanned_tables (
  user_id bigint not null references users on delete cascade,
  kind text not null,
  schema_name text not null,
  table_name text not null,
  counter bigint not null, -- rows ever inserted, updated and deleted, as its statistics say
  content text not null, -- what stood in it at the last look, in short
  changed_at timestamptz not null, -- when `content` was first seen
  since timestamptz not null, -- when this change began
  why text, -- what it waits for; null: nothing
  look_at timestamptz, -- when to look again; null: when its database changes
  primary key (user_id, kind, schema_name, table_name)
);

create index on scanned_tables (look_at) where look_at is not null;

create table dashboards (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  kind text not null check (kind in ('timing', 'qor', 'drc')),
  schema_name text not null,
  table_name text not null,
  content text not null, -- of the run: scanned_tables.content when it was found
  run int not null default 1,
  run_at timestamptz not null default now(), -- when this run was found
  source text not null default 'built-in' check (source in ('built-in', 'grafana')),
  board jsonb, -- the dashboard's JSON
  grafana_url text,
  step text not null default 'create' check (step in ('create', 'capture', 'notify', 'done')),
  stopped boolean not null default false,
  failures int not null default 0,
  deaths int not null default 0,
  claim_id uuid,
  claimed_until timestamptz,
  next_try_at timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now(),
  archived_at timestamptz, -- its table is gone
  deleted_at timestamptz, -- a person removed it: a tombstone until the table is created anew
  unique (user_id, kind, schema_name, table_name)
);
create index on dashboards (step, next_try_at, id) where not stopped and step <> 'done';

-- What belongs to one run of a dashboard: its picture, its numbers and its message.
create table runs (
  dashboard_id bigint not null references dashboards on delete cascade,
  run int not null,
  found_at timestamptz not null default now(),
  row_count bigint,
  gif bytea,
  captured_at timestamptz,
  slack_file_id text,
  posting_at timestamptz, -- a post was begun and its answer is not known
  slack_message jsonb,
  slack_channel text,
  slack_ts text,
  told_at timestamptz, -- sent, or kept where no Slack is configured
  slack_sent_at timestamptz,
  primary key (dashboard_id, run)
);

-- A row that can be worked on wakes the next step, and keeps the pages live.
create function tell_dashboard_moved() returns trigger language plpgsql as $$
begin
  perform pg_notify('dashkeeper_dashboards', json_build_object(
    'id', new.id, 'user_id', new.user_id, 'step', new.step)::text);
  return null;
end $$;
create trigger moved after insert or update of step, stopped, run, next_try_at, deleted_at, archived_at
  on dashboards for each row execute function tell_dashboard_moved();

-- For those who read by SQL.
create view listed_dashboards as
  select d.id, d.user_id, u.username, d.kind, d.schema_name, d.table_name, d.run, d.source,
    coalesce(d.grafana_url, s.value || '/boards/' || d.id) as dashboard_url,
    s.value || '/api/v1/dashboards/' || d.id || '/preview.gif' as local_snapshot_url,
    d.step, d.stopped, d.last_error, d.next_try_at, d.created_at, r.captured_at, r.slack_sent_at,
    d.archived_at
  from dashboards d
    join users u on u.id = d.user_id
    join settings s on s.name = 'frontend_url'
    left join runs r on r.dashboard_id = d.id and r.run = d.run
  where d.deleted_at is null;

create view dashboardtiming as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    user_id as app_user_id, username as app_username, slack_sent_at
  from listed_dashboards where kind = 'timing';
create view dashboardqor as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    user_id as app_user_id, username as app_username, slack_sent_at
  from listed_dashboards where kind = 'qor';
create view dashboarddrc as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    user_id as app_user_id, username as app_username, slack_sent_at
  from listed_dashboards where kind = 'drc';
