-- What is taken over from an older installation: its keys, its dashboards, and what our rules refuse.

-- A key that was made elsewhere need not have the form of ours.
alter table api_keys add adopted boolean not null default false;
create index on api_keys (hash) where adopted;

-- What a dashboard that was taken over said of itself there.
create table adopted_dashboards (
  dashboard_id bigint primary key references dashboards on delete cascade,
  old_id bigint, -- each kind had numbers of its own
  source text,
  dashboard_url text,
  local_snapshot_url text
);

-- Rows that our rules refuse, and columns that have no place here.
create table refused_rows (
  id bigint primary key,
  table_name text not null,
  name text not null,
  why text not null,
  content text not null -- as JSON, sealed
);
create index on refused_rows (split_part(content, '.', 2));

-- A dashboard that was taken over is the old one until its table has a new run.
create or replace view listed_dashboards as
  select d.id, d.user_id, u.username, d.kind, d.schema_name, d.table_name, d.run,
    case when a.dashboard_url is null then d.source else 'grafana' end as source,
    coalesce(a.dashboard_url, d.grafana_url, s.value || '/boards/' || d.id) as dashboard_url,
    s.value || '/api/v1/dashboards/' || d.id || '/preview.gif' as local_snapshot_url,
    d.step, d.stopped, d.last_error, d.next_try_at, d.created_at, r.captured_at, r.slack_sent_at,
    d.archived_at
  from dashboards d
    join users u on u.id = d.user_id
    join settings s on s.name = 'frontend_url'
    left join runs r on r.dashboard_id = d.id and r.run = d.run
    left join adopted_dashboards a
      on a.dashboard_id = d.id and d.run = 1 and a.dashboard_url ~ '^https?://'
  where d.deleted_at is null;

create view dashboards_as_before as
  select coalesce(b.old_id, d.id) as id, d.user_id, d.username, d.kind, d.table_name,
    coalesce(a.dashboard_url, d.dashboard_url) as dashboard_url,
    coalesce(a.local_snapshot_url, d.local_snapshot_url) as local_snapshot_url,
    coalesce(a.source, d.source) as source, d.created_at,
    d.user_id as app_user_id, d.username as app_username, d.slack_sent_at
  from listed_dashboards d
    left join adopted_dashboards b on b.dashboard_id = d.id
    left join adopted_dashboards a on a.dashboard_id = d.id and d.run = 1;

create or replace view dashboardtiming as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    app_user_id, app_username, slack_sent_at
  from dashboards_as_before where kind = 'timing';
create or replace view dashboardqor as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    app_user_id, app_username, slack_sent_at
  from dashboards_as_before where kind = 'qor';
create or replace view dashboarddrc as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    app_user_id, app_username, slack_sent_at
  from dashboards_as_before where kind = 'drc';
