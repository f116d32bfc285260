-- The whole schema: users and sealed credentials, workspaces, one row for each table on its way to Slack.

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
create index on users (username) include (id, is_active, role, created_at);
create index on users (is_active, username);
create index on users (username) where role = 'admin';
create index on users (id) where role = 'admin' and is_active;
create index on users (id) where not is_active;

create table api_keys (
  hash bytea primary key,
  id bigint generated always as identity unique,
  name text, -- of an import key; null: the user's own key
  user_id bigint not null references users on delete cascade,
  from_environment boolean not null default false,
  adopted boolean not null default false, -- made by an older installation, in another form
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_from text
);
create index on api_keys (user_id);
create unique index on api_keys (user_id, name) where name is not null;
create index on api_keys (hash) where adopted;

create table sessions (
  hash bytea primary key,
  id bigint generated always as identity unique,
  user_id bigint not null references users on delete cascade,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(), -- to 5 minutes
  expires_at timestamptz not null,
  from_address text not null default '',
  browser text not null default ''
);
create index on sessions (user_id);

-- Each signs a user in once.
create table sign_in_links (
  hash bytea primary key,
  user_id bigint not null references users on delete cascade,
  expires_at timestamptz not null
);

-- Nothing refers to it and it refers to nothing, so that users can go and their history stays.
create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  subject text not null,
  user_id bigint, -- the owner of the subject
  from_address text not null,
  outcome text not null check (outcome in ('ok', 'refused'))
);
create index on audit (user_id, id);
create index on audit (action, id);
create index on audit (actor, id);
create index on audit (subject, id);
create index on audit (id) where outcome = 'refused';
create index on audit (at);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit record is only ever added to';
end $$;
create trigger only_added_to before update or delete or truncate on audit
  for each statement execute function refuse_audit_change();
-- Also where a session calls itself a replica.
alter table audit enable always trigger only_added_to;

create table credentials (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  key_name text not null,
  key_value text not null, -- sealed
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text not null default 'system',
  expires_at timestamptz,
  unique (user_id, key_name)
);

-- The versions before the current one, sealed as they were. The last ten are kept, the current one counted.
create table credential_versions (
  credential_id bigint not null references credentials on delete cascade,
  version int not null,
  key_value text not null, -- sealed
  created_at timestamptz not null,
  created_by text not null,
  primary key (credential_id, version)
);
-- The second part of a sealed value names its seal key: a start asks which keys are in use.
create index on credentials (split_part(key_value, '.', 2));
create index on credential_versions (split_part(key_value, '.', 2));

create table workspaces (
  user_id bigint primary key references users on delete cascade,
  username text not null collate "C", -- of its user, for lists by name
  state text not null default 'ready' check (state in ('ready', 'pending', 'failed')), -- of its steps
  server text not null default '', -- host:port; empty: the server of this database
  owner_password text not null, -- sealed
  reader_password text not null, -- sealed
  next_owner_password text, -- sealed; while passwords are being changed
  next_reader_password text, -- sealed
  login boolean not null default true, -- whether the roles may log in; follows users.is_active
  ready_at timestamptz,
  last_error text,
  checked_at timestamptz,
  findings jsonb, -- of the last check
  bytes bigint -- of its databases, at the last check
);
create index on workspaces (split_part(owner_password, '.', 2));
create index on workspaces (split_part(reader_password, '.', 2));
create index on workspaces (user_id) where not login;
create index on workspaces (user_id) where ready_at is null;
create unique index on workspaces (state, username);
create index on workspaces (user_id) where next_owner_password is not null;
create index on workspaces (server, checked_at nulls first) where ready_at is not null;

create table workspace_steps (
  user_id bigint not null references users on delete cascade,
  position int not null,
  name text not null,
  state text not null default 'pending' check (state in ('pending', 'done', 'failed')),
  attempts int not null default 0,
  planned int not null default 0, -- how often it was planned anew
  message text,
  next_try_at timestamptz not null default now(),
  primary key (user_id, name)
);
create index on workspace_steps (next_try_at) where state = 'pending';
create index on workspace_steps (user_id, position) where state <> 'done';

-- Keeps workspaces.state, and the pages that show the steps live.
create function note_workspace_steps() returns trigger language plpgsql as $$
begin
  -- One after the other: each sees what the others have changed.
  perform from workspaces where user_id in (select user_id from changed) order by user_id
    for no key update;
  update workspaces w set state = s.state from (
    select c.user_id, case when bool_or(s.state = 'failed') then 'failed'
      when bool_or(s.state = 'pending') then 'pending' else 'ready' end as state
    from (select distinct user_id from changed) c left join workspace_steps s using (user_id)
    group by c.user_id
  ) s where w.user_id = s.user_id and w.state <> s.state;
  perform pg_notify('dashkeeper_events', json_build_object(
    'what', 'workspace', 'user_id', user_id)::text)
  from (select distinct user_id from changed limit 1000) c;
  return null;
end $$;
create trigger noted after insert on workspace_steps referencing new table as changed
  for each statement execute function note_workspace_steps();
create trigger noted_update after update on workspace_steps referencing new table as changed
  for each statement execute function note_workspace_steps();
create trigger noted_delete after delete on workspace_steps referencing old table as changed
  for each statement execute function note_workspace_steps();

-- Work to be done until it succeeds; an entry outlives its user.
create table retries (
  id bigint generated always as identity primary key,
  kind text not null,
  subject text not null collate "C",
  target text not null, -- the system that it needs: while that is unavailable, only its own rows wait
  payload jsonb not null,
  secret text, -- sealed
  due_at timestamptz not null default now(),
  failures int not null default 0,
  message text,
  unique (kind, subject)
);
create index on retries (due_at);
create index on retries (target, kind);
create index on retries (split_part(secret, '.', 2));

-- Databases that outlived their users.
create table orphans (
  name text primary key collate "C",
  username text not null collate "C",
  kind text not null check (kind in ('timing', 'qor', 'drc')),
  server text not null,
  created_at timestamptz not null default now()
);
create index on orphans (username);

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

create table templates (
  id bigint generated always as identity (start with 101) primary key, -- up to 100: the built-in ones
  name text not null unique collate "C",
  kind text not null check (kind in ('timing', 'qor', 'drc', 'any')),
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table template_versions (
  template_id bigint not null references templates on delete cascade,
  version int not null,
  dashboard jsonb not null,
  warnings jsonb not null default '[]',
  created_at timestamptz not null default now(),
  created_by text not null,
  primary key (template_id, version)
);

-- Where a template applies; a null field applies to all.
create table template_choices (
  id bigint generated always as identity primary key,
  template_id bigint not null references templates on delete cascade,
  user_id bigint references users on delete cascade,
  kind text check (kind in ('timing', 'qor', 'drc')),
  pattern text collate "C", -- of the table's name: * is any text, ? one character
  check (num_nonnulls(user_id, kind, pattern) > 0),
  unique nulls not distinct (user_id, kind, pattern)
);
create index on template_choices (template_id);

-- How a person says that a table is to be read, by the table's name.
create table mappings (
  user_id bigint not null references users on delete cascade,
  kind text not null check (kind in ('timing', 'qor', 'drc')),
  schema_name text not null,
  table_name text not null,
  correction jsonb not null,
  primary key (user_id, kind, schema_name, table_name)
);

-- The memory of the scan: each database's counter, and each table's content.
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
  content text not null, -- a digest of its rows at the last scan
  changed_at timestamptz not null, -- when `content` was first seen
  since timestamptz not null, -- when this change began
  why text, -- what it waits for; null: nothing
  scan_at timestamptz, -- when to scan it again; null: when its database changes
  scanned_at timestamptz not null default now(),
  primary key (user_id, kind, schema_name, table_name)
);
create index on scanned_tables (scan_at) where scan_at is not null;
create index on scanned_tables (since) where why is not null;

-- Keeps the pages live that list what waits.
create function notify_table_waits() returns trigger language plpgsql as $$
begin
  perform pg_notify('dashkeeper_events', json_build_object(
    'what', 'waiting', 'user_id', coalesce(new.user_id, old.user_id))::text);
  return null;
end $$;
create trigger waits after insert on scanned_tables
  for each row when (new.why is not null) execute function notify_table_waits();
create trigger waits_update after update of why on scanned_tables
  for each row when (new.why is distinct from old.why) execute function notify_table_waits();
create trigger waits_delete after delete on scanned_tables
  for each row when (old.why is not null) execute function notify_table_waits();

create table ignored_tables (
  user_id bigint not null references users on delete cascade,
  kind text not null,
  schema_name text not null,
  table_name text not null,
  why text not null,
  type text not null, -- a person may have a view read
  primary key (user_id, kind, schema_name, table_name)
);

-- Views for which a person pressed "Read this view".
create table read_views (
  user_id bigint not null references users on delete cascade,
  kind text not null,
  schema_name text not null,
  table_name text not null,
  primary key (user_id, kind, schema_name, table_name)
);

-- All pairs of characters: by them names are searched for a part.
create function pairs_in(name text) returns text[] language sql immutable strict parallel safe
  cost 1000
  return array(select substr(name, i, 2) from generate_series(1, length(name) - 1) i);

create table dashboards (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  kind text not null check (kind in ('timing', 'qor', 'drc')),
  schema_name text not null,
  table_name text not null,
  name_key text collate "C" not null generated always as (lower(
    (case schema_name when 'public' then '' else schema_name || '.' end || table_name) collate "C"
  )) stored,
  content text not null, -- of the run: scanned_tables.content when it was found
  run int not null default 1,
  run_at timestamptz not null default now(), -- when this run was found
  source text not null default 'built-in' check (source in ('built-in', 'grafana')),
  board jsonb, -- the dashboard's JSON
  template_id bigint references templates on delete set null,
  template_version int,
  template_note text, -- why the built-in layout drew the board although a template was chosen
  grafana_url text,
  grafana_base text, -- the address of the Grafana that it is made in
  grafana_version int, -- the version that we wrote last; null: it was never written
  grafana_writing int, -- the version on which a write was begun whose end is not known
  grafana_archived boolean not null default false, -- it is in the archive folder
  edited boolean not null default false, -- a person changed it after we wrote it
  rewrite boolean not null default false, -- a person wants it overwritten
  step text not null default 'create' check (step in ('create', 'capture', 'notify', 'done')),
  stopped boolean not null default false,
  urgency smallint not null generated always as (
    case when stopped then 4
      else array_position('{done,notify,capture,create}'::text[], step) - 1 end::smallint
  ) stored,
  stop_code text, -- why it stopped, for restarts by a new key
  slack_target text, -- hash of the token and channel that refused it
  failures int not null default 0,
  deaths int not null default 0,
  claim_id uuid,
  claimed_until timestamptz,
  stale boolean not null default false, -- an input of the attempt under way has changed
  next_try_at timestamptz not null default now(),
  waiting_since timestamptz not null default now(), -- when it came to its step, or was restarted there
  last_error text,
  outcome text, -- of the last capture
  panels jsonb not null default '[]', -- of the last capture
  designs text[] not null default '{}', -- groups that the run has numbers of
  muted_by text, -- the audit's actor; null: its runs are posted
  muted_until timestamptz, -- null: for good
  mute_changed_by text, -- who muted or unmuted it last
  mute_changed_at timestamptz,
  capture_tries int not null default 0, -- captures in a row that showed an error, or were late
  created_at timestamptz not null default now(),
  archived_at timestamptz, -- its table is gone
  archive_try_at timestamptz not null default now(),
  archive_failures int not null default 0,
  deleted_at timestamptz, -- a person removed it: a tombstone until the table is created anew
  import_content text, -- of an import during the run under way, which the next one reports
  import_rows bigint,
  request_id uuid, -- of the request or, without one, the scan that its work goes back to
  traceparent text, -- of that request's or scan's span (W3C Trace Context); null: not traced
  unique (user_id, kind, schema_name, table_name)
);
-- In the order of claims: by user, known tables before new ones.
create index on dashboards (step, user_id, (run = 1), next_try_at, id)
  where not stopped and step <> 'done';
-- Lists: the first one is searched by name without a look at the rows.
create index on dashboards (id) include (name_key, user_id, kind, urgency, outcome)
  where deleted_at is null and archived_at is null;
create index on dashboards (name_key, id) where deleted_at is null and archived_at is null;
create index on dashboards using gin (pairs_in(name_key)) with (fastupdate = off)
  where deleted_at is null;
create index on dashboards (urgency, id) include (name_key)
  where deleted_at is null and archived_at is null;
create index on dashboards (user_id, id) where deleted_at is null and archived_at is null;
create index on dashboards (kind, id) where deleted_at is null and archived_at is null;
create index on dashboards (outcome, id) where deleted_at is null and archived_at is null;
create index on dashboards using gin (designs) where deleted_at is null and archived_at is null;
create index on dashboards (id) where deleted_at is null and archived_at is not null;
-- For the overview.
create index on dashboards (run_at) where deleted_at is null and archived_at is null;
create index on dashboards (user_id, run_at) where deleted_at is null and archived_at is null;
create index on dashboards (step, waiting_since) where not stopped and step <> 'done';
create index on dashboards (next_try_at)
  where stopped and deleted_at is null and archived_at is null;
create sequence claimed_user_create;
create sequence claimed_user_capture;
create sequence claimed_user_notify;
create index on dashboards (archive_try_at)
  where source = 'grafana' and archived_at is not null and not grafana_archived
    and deleted_at is null;
create index on dashboards (template_id) where template_id is not null;
create index on dashboards (id) where import_content is not null;

-- Runs of which more files are to come (more=true): their tables are not reported before.
create table awaited_runs (
  dashboard_id bigint not null references dashboards on delete cascade,
  run_name text not null,
  until timestamptz not null,
  primary key (dashboard_id, run_name)
);

-- What was imported, for its list.
create table imports (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  imported_by text not null,
  imported_at timestamptz not null default now(),
  file text,
  format text not null,
  tool text,
  run_id text not null,
  tables jsonb not null,
  key jsonb not null, -- of its rows: the next import with the same replaces them
  warnings jsonb not null,
  row_count bigint not null
);
create index on imports (user_id, id);
create index on imports (user_id, run_id, format);
create index on imports (format, id);

-- The new tables of one user that one scan found: of more than five, a list is posted first.
create table batches (
  id bigint generated always as identity primary key,
  user_id bigint not null references users on delete cascade,
  begun_at timestamptz not null default now(),
  scanning boolean not null default true, -- the scan may find more of them
  ready_at timestamptz -- since when its messages are posted
);
create index on batches (id) where ready_at is null;

-- One run of a dashboard: its pictures, numbers and message. Pictures are compressed already.
create table runs (
  dashboard_id bigint not null references dashboards on delete cascade,
  run int not null,
  found_at timestamptz not null default now(),
  row_count bigint,
  numbers jsonb not null default '[]',
  why text,
  run_names jsonb not null default '{}', -- group -> the name or time of the run its numbers are of
  numbers_error text, -- why the numbers could not be computed
  numbers_at timestamptz, -- when they were computed first
  gif bytea,
  png bytea,
  thumbnail bytea, -- WebP
  slack_gif bytea, -- where the GIF is too large or too wide for a channel
  captured_at timestamptz,
  slack_file_id text,
  posting_at timestamptz, -- a post was begun and its answer is not known
  posting_channel text, -- of that post
  posting_thread text, -- ts of the message that it answers
  slack_message jsonb,
  slack_channel text,
  slack_ts text,
  slack_thread text, -- ts of the message that it answers; null: it begins a thread
  slack_app text check (slack_app in ('installation', 'user')), -- whose token posted it
  slack_team text, -- the workspace of that token
  posted_at timestamptz, -- sent, or kept where no Slack is configured
  slack_sent_at timestamptz,
  correcting boolean not null default false, -- the message does not say yet how the table is read now
  corrected boolean not null default false, -- it was corrected once
  replacing boolean not null default false, -- the message is to get a preview that is being taken
  recaptured_by text, -- who asked for that preview, or for the last one, in Slack
  recaptured_at timestamptz,
  acknowledged_by text, -- the audit's actor
  acknowledged_at timestamptz,
  batch_id bigint references batches on delete set null, -- of a table's first run
  primary key (dashboard_id, run)
);
create index on runs (numbers_at);
-- With a sure number that went the wrong way; whether by enough, the verdict says.
create index on runs (numbers_at)
  where numbers @? '$[*] ? (@.better == false && !(@.sure == false))';
create index on runs (batch_id) where batch_id is not null;
create index on runs (slack_channel, slack_ts) where slack_ts is not null;
alter table runs -- apart from the columns: PostgreSQL 15 has no STORAGE there
  alter gif set storage external,
  alter png set storage external,
  alter thumbnail set storage external,
  alter slack_gif set storage external;

-- No call is made with a Slack token before its rate limit ends.
create table slack_pauses (
  token_hash text primary key,
  until timestamptz not null
);

-- Signatures and ids of what came in from Slack: each counts once, in all processes.
create table slack_seen (
  id text primary key,
  at timestamptz not null default now()
);
create index on slack_seen (at);

-- The workspace that a Slack token is of.
create table slack_teams (
  token_hash text primary key,
  team_id text not null
);

-- When the clock started each job last.
create table ticks (
  job text primary key,
  at timestamptz not null default now()
);

-- Slack takes about one message a second for each channel.
create table slack_channels (
  channel text primary key,
  next_post_at timestamptz not null
);

-- A message that belongs to no single run.
create table channel_messages (
  id bigint generated always as identity primary key,
  key text not null unique, -- what it is
  event_type text not null,
  slack_target text not null, -- hash of the token and channel that it was last tried with
  claim_id uuid,
  claimed_until timestamptz,
  failures int not null default 0,
  next_try_at timestamptz default now(), -- null: another try would fail as well
  last_error text,
  stop_code text,
  posting_at timestamptz, -- a post was begun and its answer is not known
  channel text, -- of that post, and of the message
  message jsonb,
  ts text,
  sent_at timestamptz,
  created_at timestamptz not null default now()
);

-- Since when SLACK_DIGEST_AT is what it is: an earlier digest is not made up for.
create table digest_schedule (
  id int primary key default 1 check (id = 1),
  schedule text not null,
  since timestamptz not null default now(),
  finished_at timestamptz -- the time of the last digest that is in all channels
);

-- The digests that a token's channel has had, also those without a message.
create table digests (
  slack_target text not null, -- hash of the token and channel
  at timestamptz not null, -- when it was due, and up to when it reads
  attention bigint[] not null, -- dashboards that needed attention
  primary key (slack_target, at)
);

-- The numbers of each group's runs, kept after the table's rows are gone.
create table run_numbers (
  dashboard_id bigint not null references dashboards on delete cascade,
  group_name text not null, -- '' for none
  run_name text not null, -- its name or time in the table; "run 3" where the table has none
  run int not null, -- of the dashboard, when they were read last
  name text not null,
  value float8 not null,
  unit text,
  sure boolean not null,
  primary key (dashboard_id, group_name, run_name, name)
);
create index on run_numbers (dashboard_id, run);

-- A row that can be worked on wakes the next step, and keeps the pages live.
create function notify_dashboard_moved() returns trigger language plpgsql as $$
begin
  perform pg_notify('dashkeeper_events', json_build_object('what', 'dashboard',
    'id', new.id, 'user_id', new.user_id, 'step', new.step)::text);
  return null;
end $$;
create trigger moved after insert or update of step, stopped, run, next_try_at, deleted_at, archived_at
  on dashboards for each row execute function notify_dashboard_moved();

-- What an adopted dashboard recorded in the older installation.
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

-- An adopted dashboard shows the old one until its table has a new run.
create view listed_dashboards as
  select d.id, d.user_id, u.username, d.kind, d.schema_name, d.table_name, d.run,
    case when a.dashboard_url is null then d.source else 'grafana' end as source,
    coalesce(a.dashboard_url, d.grafana_url, s.value || '/boards/' || d.id) as dashboard_url,
    s.value || '/api/v1/dashboards/' || d.id || '/preview.gif' as local_snapshot_url,
    d.step, d.stopped, d.last_error, d.next_try_at, d.created_at, r.captured_at, r.slack_sent_at,
    d.archived_at, d.edited, d.outcome, coalesce(r.numbers, '[]') as numbers,
    coalesce(r.numbers_error, r.why) as why, d.panels,
    d.template_note, d.stop_code as error_code, d.request_id, d.name_key, d.urgency, d.designs,
    d.failures, r.found_at, r.numbers_at, r.posted_at, w.why as waits_for,
    case when d.muted_until is null or d.muted_until > now() then d.muted_by end as muted_by,
    case when d.muted_until > now() then d.muted_until end as muted_until,
    r.acknowledged_by, r.acknowledged_at
  from dashboards d
    join users u on u.id = d.user_id
    join settings s on s.name = 'frontend_url'
    left join runs r on r.dashboard_id = d.id and r.run = d.run
    left join scanned_tables w on (w.user_id, w.kind, w.schema_name, w.table_name) =
      (d.user_id, d.kind, d.schema_name, d.table_name)
    left join adopted_dashboards a
      on a.dashboard_id = d.id and d.run = 1 and a.dashboard_url ~ '^https?://'
  where d.deleted_at is null;

-- What lists are filtered and sorted by.
create view sought_dashboards as
  select id, user_id, kind, step, name_key, urgency, outcome, designs, archived_at
  from dashboards where deleted_at is null;

create view dashboards_as_before as
  select coalesce(b.old_id, d.id) as id, d.user_id, d.username, d.kind, d.table_name,
    coalesce(a.dashboard_url, d.dashboard_url) as dashboard_url,
    coalesce(a.local_snapshot_url, d.local_snapshot_url) as local_snapshot_url,
    coalesce(a.source, d.source) as source, d.created_at,
    d.user_id as app_user_id, d.username as app_username, d.slack_sent_at
  from listed_dashboards d
    left join adopted_dashboards b on b.dashboard_id = d.id
    left join adopted_dashboards a on a.dashboard_id = d.id and d.run = 1;

create view dashboardtiming as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    app_user_id, app_username, slack_sent_at
  from dashboards_as_before where kind = 'timing';
create view dashboardqor as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    app_user_id, app_username, slack_sent_at
  from dashboards_as_before where kind = 'qor';
create view dashboarddrc as
  select id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at,
    app_user_id, app_username, slack_sent_at
  from dashboards_as_before where kind = 'drc';
