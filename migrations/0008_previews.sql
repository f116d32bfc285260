-- What a preview shows, panel by panel; the still picture of the whole board, and a copy for Slack.

alter table dashboards
  add panels jsonb not null default '[]', -- what the last capture saw
  add capture_tries int not null default 0; -- captures in a row that showed an error, or were late

alter table runs
  add png bytea,
  add slack_gif bytea, -- where the GIF is too large or too wide for a channel
  -- Pictures are packed already: packing them again would cost each write and each look.
  alter gif set storage external,
  alter png set storage external,
  alter slack_gif set storage external;

create or replace view listed_dashboards as
  select d.id, d.user_id, u.username, d.kind, d.schema_name, d.table_name, d.run,
    case when a.dashboard_url is null then d.source else 'grafana' end as source,
    coalesce(a.dashboard_url, d.grafana_url, s.value || '/boards/' || d.id) as dashboard_url,
    s.value || '/api/v1/dashboards/' || d.id || '/preview.gif' as local_snapshot_url,
    d.step, d.stopped, d.last_error, d.next_try_at, d.created_at, r.captured_at, r.slack_sent_at,
    d.archived_at, d.edited, d.outcome, coalesce(r.numbers, '[]') as numbers, r.why, d.panels,
    d.template_note
  from dashboards d
    join users u on u.id = d.user_id
    join settings s on s.name = 'frontend_url'
    left join runs r on r.dashboard_id = d.id and r.run = d.run
    left join adopted_dashboards a
      on a.dashboard_id = d.id and d.run = 1 and a.dashboard_url ~ '^https?://'
  where d.deleted_at is null;
