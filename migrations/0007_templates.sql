-- Templates of people's own, with their versions, and where each is chosen.

create table templates (
  id bigint generated always as identity primary key,
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
  created_at timestamptz not null default now(),
  created_by text not null,
  primary key (template_id, version)
);
