-- Stores each portfolio, with all that belongs to it, :times times. Copies come after the first ones in every order of the queries,
-- so these ask for the same rows as before.  usage: psql -d COPY -v times=10 -f multiply.sql
\set ON_ERROR_STOP 1
set client_min_messages = warning;
set synchronous_commit = off;
set maintenance_work_mem = '512MB';
-- Rows are copies of rows that fit together: nothing is checked again.
set session_replication_role = replica;

create schema copies;
-- A row's id in a copy: the second group of its digits is 0 in the first.
create function copies.id(id uuid, n int) returns uuid language sql immutable parallel safe as
  $$ select overlay(id::text placing lpad(to_hex(n), 4, '0') from 10 for 4)::uuid $$;

create procedure copies.make(of text, times int) language plpgsql as $$
declare
  names text; cells text; texts text[]; made text[];
begin
  select string_agg(quote_ident(column_name), ', ' order by ordinal_position),
         string_agg(case
           -- Nothing names these.
           when column_name = 'id' and of like 'item_ancestor%' then 'gen_random_uuid()'
           when column_name in ('id', 'item_id', 'portfolio_id', 'program_id', 'parent_id', 'ancestor_id', 'resource_id', 'person_id',
             'benefit_id', 'measure_id', 'reported_portfolio_id', 'attributed_item_id') then format('copies.id(r.%I, n)', column_name)
           when column_name in ('key', 'email') then format('r.%I || ''~'' || n', column_name)
           -- The largest budgets stay those of the first ones.
           when column_name = 'budget_amount' then 'n'
           else format('r.%I', column_name) end, ', ' order by ordinal_position)
    into names, cells from information_schema.columns
    where table_schema = 'public' and table_name = of and is_generated = 'NEVER' and is_identity = 'NO';
  -- Indexes are made anew, which is faster than row by row.
  select array_agg(pg_get_indexdef(indexrelid)), array_agg(indexrelid::regclass::text) into texts, made
    from pg_index where indrelid = format('public.%I', of)::regclass
    and not exists (select from pg_constraint where conindid = indexrelid);
  for i in 1..coalesce(array_length(made, 1), 0) loop execute 'drop index ' || made[i]; end loop;
  execute format('insert into public.%I (%s) select %s from generate_series(1, %s) n cross join public.%I r order by n, r.id',
    of, names, cells, times - 1, of);
  for i in 1..coalesce(array_length(made, 1), 0) loop execute texts[i]; end loop;
  commit;
end $$;

\timing on
call copies.make('person', :times);
call copies.make('resource', :times);
call copies.make('portfolio_item', :times);
call copies.make('item_ancestor', :times);
call copies.make('item_ancestor_span', :times);
call copies.make('actual', :times);
call copies.make('allocation', :times);
call copies.make('commitment', :times);
call copies.make('benefit', :times);
call copies.make('benefit_measure', :times);
call copies.make('benefit_actual', :times);
call copies.make('kpi_posting', :times);
call copies.make('kpi_target', :times);
call copies.make('kpi_threshold', :times);
\timing off
drop schema copies cascade;
vacuum analyze;
