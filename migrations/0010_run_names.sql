-- Which run of the table each group's numbers are of, to tell a new run from more rows of the same.

alter table runs
  add run_names jsonb not null default '{}'; -- group -> the run's name, or its time
