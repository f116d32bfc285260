-- Keys that expire and tell when they were used, versions of credentials, and the record of who did what.

alter table api_keys
  add last_used_at timestamptz,
  add last_used_from text;

-- Pages of users by name, read from the index alone, and of those of whom there are few, active or not.
create index on users (username) include (id, is_active, role, created_at);
create index on users (is_active, username);
create index on users (id) where role = 'admin' and is_active;

alter table credentials
  add expires_at timestamptz,
  add updated_by text not null default 'system';

-- The versions before the current one, sealed as they were. The last ten are kept, the current one counted.
create table credential_versions (
  credential_id bigint not null references credentials on delete cascade,
  version int not null,
  key_value text not null, -- sealed
  created_at timestamptz not null,
  created_by text not null,
  primary key (credential_id, version)
);

-- Which seal keys are in use: a start asks for them.
create index on credentials (split_part(key_value, '.', 2));
create index on credential_versions (split_part(key_value, '.', 2));
create index on workspaces (split_part(owner_password, '.', 2));
create index on workspaces (split_part(reader_password, '.', 2));

-- Whether the roles may log in just now; what users.is_active says has to become true on the server.
alter table workspaces add login boolean not null default true;

-- The few that every minute asks for, among a million.
create index on users (id) where not is_active;
create index on workspaces (user_id) where not login;
create index on workspaces (user_id) where ready_at is null;

-- Workspaces of users who are gone: their databases are kept, or still have to be dropped.
create table removed_workspaces (
  username text primary key collate "C",
  databases text not null check (databases in ('keep', 'drop')),
  removed_at timestamptz not null default now(),
  done_at timestamptz,
  last_error text
);

-- Nothing refers to it and it refers to nothing, so that users can go and their history stays.
create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  subject text not null,
  user_id bigint, -- whose thing it is
  from_address text not null,
  outcome text not null check (outcome in ('ok', 'refused'))
);
create index on audit (user_id, id);
create index on audit (action, id);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit record is only ever added to';
end $$;
create trigger only_added_to before update or delete or truncate on audit
  for each statement execute function refuse_audit_change();
