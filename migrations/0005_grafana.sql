-- Dashboards that live in Grafana, the data sources behind them, and what is to be removed from there.

alter table dashboards
  add grafana_base text, -- the address of the Grafana that it is made in
  add grafana_version int, -- the version that we wrote last; null: it was never written
  add grafana_writing int, -- the version on which a write was begun whose end is not known
  add grafana_archived boolean not null default false, -- it lies in the archive folder
  add edited boolean not null default false, -- a person changed it after we wrote it
  add rewrite boolean not null default false, -- a person wants it written again, whatever is there
  add outcome text, -- what the last look at it came to
  add stop_code text, -- why it stopped, for what is set going again by a new key
  add archive_try_at timestamptz not null default now(),
  add archive_failures int not null default 0;
create index on dashboards (archive_try_at)
  where source = 'grafana' and archived_at is not null and not grafana_archived
    and deleted_at is null;

create table datasources (
  user_id bigint not null references users on delete cascade,
  kind text not null check (kind in ('timing', 'qor', 'drc')),
  name text not null,
  base text not null, -- the Grafana that it is in
  state text not null check (state in ('pending', 'ready', 'failed')),
  message text,
  checked_at timestamptz not null default now(),
  primary key (user_id, kind)
);

-- What is to be taken out of a Grafana; it outlives its user.
create table grafana_removals (
  id bigint generated always as identity primary key,
  base text not null,
  what text not null check (what in ('dashboard', 'datasource', 'folder')),
  uid text not null,
  dashboard_id bigint, -- nothing is removed that is in use again
  api_key text, -- sealed; null: the configured one
  failures int not null default 0,
  next_try_at timestamptz not null default now(),
  last_error text,
  unique (base, what, uid)
);
create index on grafana_removals (split_part(api_key, '.', 2));

create or replace view listed_dashboards as
  select d.id, d.user_id, u.username, d.kind, d.schema_name, d.table_name, d.run,
    case when a.dashboard_url is null then d.source else 'grafana' end as source,
    coalesce(a.dashboard_url, d.grafana_url, s.value || '/boards/' || d.id) as dashboard_url,
    s.value || '/api/v1/dashboards/' || d.id || '/preview.gif' as local_snapshot_url,
    d.step, d.stopped, d.last_error, d.next_try_at, d.created_at, r.captured_at, r.slack_sent_at,
    d.archived_at, d.edited, d.outcome
  from dashboards d
    join users u on u.id = d.user_id
    join settings s on s.name = 'frontend_url'
    left join runs r on r.dashboard_id = d.id and r.run = d.run
    left join adopted_dashboards a
      on a.dashboard_id = d.id and d.run = 1 and a.dashboard_url ~ '^https?://'
  where d.deleted_at is null;

-- The few that every minute asks for, among a million.
create index on workspace_steps (user_id, position) where state <> 'done';
create index on workspaces (user_id) where next_owner_password is not null;
create index on workspaces (server, checked_at nulls first) where ready_at is not null;

-- Also where a session calls itself a replica.
alter table audit enable always trigger only_added_to;
