-- Templates of people's own, with their versions, where each is chosen, and which boards it drew.

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

-- What is null is of no account; one place has one template.
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

alter table dashboards
  add template_id bigint references templates on delete set null, -- of a person's own that was chosen
  add template_note text; -- why the built-in one drew the board after all
create index on dashboards (template_id) where template_id is not null;
