-- A step that fails for a key or a template stops only while that is the current one.

alter table dashboards
  add stale boolean not null default false, -- what the attempt under way uses has changed meanwhile
  add template_version int; -- of the template that was chosen for the board

alter table workspace_steps
  add planned int not null default 0; -- how often it was planned anew
