-- A workspace is made step by step, on one of several servers; what users leave behind has a list.

alter table workspaces
  add server text not null default '', -- host:port; empty: the server of this database
  add next_owner_password text, -- sealed; while passwords are being changed
  add next_reader_password text, -- sealed
  add checked_at timestamptz,
  add findings jsonb; -- of the last check

create table workspace_steps (
  user_id bigint not null references users on delete cascade,
  position int not null,
  name text not null,
  state text not null default 'pending' check (state in ('pending', 'done', 'failed')),
  attempts int not null default 0,
  message text,
  next_try_at timestamptz not null default now(),
  primary key (user_id, name)
);
create index on workspace_steps (next_try_at) where state = 'pending';

alter table removed_workspaces add server text not null default '';

-- Databases that outlived their users.
create table orphans (
  name text primary key collate "C",
  username text not null collate "C",
  kind text not null check (kind in ('timing', 'qor', 'drc')),
  server text not null,
  created_at timestamptz not null default now()
);
create index on orphans (username);

-- Workspaces made before there were steps: what is ready is done, the others begin anew.
insert into workspace_steps (user_id, position, name, state, attempts)
select w.user_id, s.position, s.name,
  case when w.ready_at is null then 'pending' else 'done' end,
  case when w.ready_at is null then 0 else 1 end
from workspaces w cross join (values
  (1, 'roles'), (2, 'database_timing'), (3, 'database_qor'), (4, 'database_drc'), (5, 'grants'),
  (6, 'credentials')) s (position, name);
