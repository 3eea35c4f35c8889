-- Fills our empty tables from the harness's data set, which stands in the schema `harness` beside them.
-- Ids are version 7 UUIDs of a table and a number, ascending with the number; the harness's id is our `key`.
-- `benches/README.md` says which of our columns stands for which of the harness's.
\set ON_ERROR_STOP 1
set client_min_messages = warning;
set synchronous_commit = off;
set work_mem = '256MB';
begin;

create function harness.row_id(kind text, n bigint) returns uuid language sql immutable parallel safe as
  $$ select ('01900000-0000-7' || kind || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
-- Money is kept in 1/10,000, other decimals in 1/1,000,000,000.
create function harness.money(x numeric) returns bigint language sql immutable parallel safe as $$ select (x * 10000)::bigint $$;
create function harness.units(x numeric) returns bigint language sql immutable parallel safe as $$ select (x * 1000000000)::bigint $$;
create function harness.state(x text) returns text language sql immutable parallel safe as
  $$ select case x when 'PLANNED' then 'APPROVED' when 'COMPLETED' then 'CLOSING' else x end $$;
-- A small number as a day: that many days after the first of 2000.
create function harness.days(x double precision) returns date language sql immutable parallel safe as
  $$ select date '2000-01-01' + round(x)::int $$;
create function harness.start() returns timestamptz language sql immutable as $$ select timestamptz '2025-01-01 00:00:00+00' $$;

-- People and what they are planned as.
insert into person (id, key, display_name, display_name_fold, email, is_active, version, created_at, updated_at)
select harness.row_id('001', id), id::text, name, lower(name), email, active, 1, harness.start(), harness.start()
from harness.resource order by id;

-- A resource's full-time equivalent holds the capacity in hundreds of hours.
insert into resource (id, key, name, name_fold, kind, person_id, location, fte, version, created_at, updated_at)
select harness.row_id('002', id), id::text, name, lower(name), 'PERSON', harness.row_id('001', id), location,
       harness.units(capacity_hours / 100), 1, harness.start(), harness.start()
from harness.resource order by id;

-- The tree: portfolios, their programs, their projects. Where a type lacks the harness's code, a spare text holds it.
insert into portfolio_item (id, kind, is_restricted, portfolio_id, key, name, name_fold, description, description_fold, state,
  confidentiality, base_currency, budget_amount, planned_start_on, planned_finish_on, version, created_at, updated_at)
select harness.row_id('010', id), 'PORTFOLIO', false, harness.row_id('010', id), id::text, name, lower(name), code, lower(code), status,
       'NORMAL', currency, harness.money(budget), start_date, end_date, 1, created_at, created_at
from harness.portfolio order by id;

insert into portfolio_item (id, kind, is_restricted, portfolio_id, parent_id, key, name, name_fold, state, confidentiality,
  base_currency, budget_amount, planned_start_on, planned_finish_on, version, created_at, updated_at)
select harness.row_id('011', id), 'PROGRAM', false, harness.row_id('010', portfolio_id), harness.row_id('010', portfolio_id), id::text,
       name, lower(name), harness.state(status), 'NORMAL', 'EUR', harness.money(budget), start_date, end_date, 1,
       harness.start(), harness.start()
from harness.program order by id;

insert into portfolio_item (id, kind, is_restricted, portfolio_id, program_id, parent_id, key, name, name_fold, description,
  description_fold, state, priority, confidentiality, base_currency, budget_amount, project_type, phase, planned_start_on,
  planned_finish_on, forecast_start_on, forecast_finish_on, actual_start_on, actual_finish_on, rag_on, project_manager_id,
  rag, is_tracking_benefits, version, created_at, updated_at)
select harness.row_id('012', id), 'PROJECT', false, harness.row_id('010', portfolio_id), harness.row_id('011', program_id),
       harness.row_id(case when program_id is null then '010' else '011' end, coalesce(program_id, portfolio_id)), id::text, name,
       lower(name), description, lower(description), harness.state(status), priority, 'NORMAL', 'EUR', harness.money(budget),
       code, phase, start_date, end_date, start_date, end_date, harness.days(risk_score * 100), harness.days(irr * 10000),
       harness.days(percent_complete * 100), harness.row_id('001', manager_id), health, strategic, 1, updated_at, updated_at
from harness.project order by id;

insert into item_ancestor (id, ancestor_id, item_id, depth)
with recursive up (ancestor_id, item_id, depth, next_id) as (
  select id, id, 0, parent_id from portfolio_item
  union all
  select above.id, up.item_id, up.depth + 1, above.parent_id from up join portfolio_item above on above.id = up.next_id)
select gen_random_uuid(), ancestor_id, item_id, depth from up;
insert into item_ancestor_span (id, ancestor_id, item_id, since_at)
select gen_random_uuid(), ancestor_id, item_id, harness.start() from item_ancestor;

-- What money needs: a calendar of open months, and categories named by the harness's texts.
insert into fiscal_calendar (id, key, name, name_fold, version, created_at, updated_at)
values (harness.row_id('020', 1), 'MONTHS', 'Months', 'months', 1, harness.start(), harness.start());
insert into fiscal_period (id, calendar_id, key, name, kind, start_on, end_on, state, version, created_at, updated_at)
select harness.row_id('021', n), harness.row_id('020', 1), to_char(month, 'YYYY-MM'), to_char(month, 'YYYY-MM'), 'MONTH', month::date,
       (month + interval '1 month - 1 day')::date, 'OPEN', 1, harness.start(), harness.start()
from generate_series(timestamp '2025-01-01', timestamp '2027-12-01', interval '1 month') with ordinality m (month, n);
insert into cost_category (id, key, name, name_fold, is_capex_allowed, version, created_at, updated_at)
select harness.row_id('022', row_number() over (order by category)), category, category, lower(category), true, 1, harness.start(), harness.start()
from (select distinct category from harness.cost_entry) c;

-- Cost entries. The description holds the text of the category, which is a row of its own here.
insert into actual (id, item_id, portfolio_id, is_restricted, is_labor, key, occurred_on, posting_on, calendar_id, period_id,
  category_id, source, expenditure, currency, amount, quantity, vendor, invoice, description, is_accrual, reported_portfolio_id, version,
  created_at, updated_at)
select harness.row_id('023', e.id), harness.row_id('012', e.project_id), harness.row_id('010', p.portfolio_id), false, false, e.id::text,
       e.entry_date, e.entry_date, harness.row_id('020', 1), m.id, c.id, 'NON_LABOR', e.cost_type, e.currency,
       harness.money(e.amount), harness.units(e.project_id), e.vendor, e.invoice_no, e.category, false, harness.row_id('010', p.portfolio_id), 1, e.created_at,
       e.created_at
from harness.cost_entry e
join harness.project p on p.id = e.project_id
join fiscal_period m on m.key = to_char(e.entry_date, 'YYYY-MM')
join cost_category c on c.key = e.category
order by e.id;

-- Bookings of resources: hundredths of an hour in `minutes`; proposed, which takes no capacity. No entity sums minutes and money
-- of a resource, so a commitment holds both as money for Q7: vendor the resource, committed the hours, invoiced the cost.
insert into allocation (id, item_id, portfolio_id, is_restricted, resource_id, state, start_on, end_on, minutes, curve, note, version,
  created_at, updated_at)
select harness.row_id('025', a.id), harness.row_id('012', a.project_id), harness.row_id('010', p.portfolio_id), false,
       harness.row_id('002', a.resource_id), 'PROPOSED', a.month, (a.month + interval '1 month - 1 day')::date, (a.hours * 100)::int,
       'FLAT', a.booking, 1, harness.start(), harness.start()
from harness.allocation a join harness.project p on p.id = a.project_id
order by a.id;
insert into commitment (id, item_id, portfolio_id, is_restricted, key, title, title_fold, state, vendor, category_id,
  expenditure, currency, committed_amount, invoiced_amount, open_amount, committed_on, reported_portfolio_id, version,
  created_at, updated_at)
select harness.row_id('024', a.id), harness.row_id('012', a.project_id), harness.row_id('010', p.portfolio_id), false, a.id::text,
       a.booking, lower(a.booking), 'OPEN', lpad(a.resource_id::text, 6, '0'), harness.row_id('022', 1), 'OPEX', 'EUR',
       harness.money(a.hours), harness.money(a.cost), 0, a.month, harness.row_id('010', p.portfolio_id), 1, harness.start(),
       harness.start()
from harness.allocation a join harness.project p on p.id = a.project_id
order by a.id;

-- Benefits, a measure each, and what was measured: `value` is the plan, `amount` what came.
insert into benefit (id, item_id, portfolio_id, is_restricted, is_draft, key, title, title_fold, kind, polarity, state, owner_id,
  starts_on, currency, amount, planned_amount, reported_portfolio_id, version, created_at, updated_at)
select harness.row_id('030', b.id), harness.row_id('012', b.project_id), harness.row_id('010', p.portfolio_id), false, false, b.id::text,
       b.name, lower(b.name), 'FINANCIAL_CASHABLE', 'BENEFIT', 'REALIZING', harness.row_id('001', b.owner_id), b.start_date,
       'EUR', harness.money(b.target_value), harness.money(b.target_value), harness.row_id('010', p.portfolio_id), 1,
       harness.start(), harness.start()
from harness.benefit b join harness.project p on p.id = b.project_id order by b.id;
insert into benefit_measure (id, benefit_id, item_id, portfolio_id, is_restricted, is_draft, owner_id, key, title, title_fold, unit,
  direction, frequency, first_due_on, version, created_at, updated_at)
select harness.row_id('031', key::bigint), id, item_id, portfolio_id, false, false, owner_id, key, title, title_fold, 'EUR', 'UP',
       'MONTHLY', date '2025-03-01', 1, created_at, updated_at
from benefit order by id;
insert into benefit_actual (id, measure_id, benefit_id, item_id, portfolio_id, is_restricted, is_draft, owner_id,
  reported_portfolio_id, attributed_item_id, attribution_share, measured_on, value, currency, amount, attributed_amount, state,
  recorded_at, validated_at, version, created_at, updated_at)
select harness.row_id('032', m.id), harness.row_id('031', m.benefit_id), b.id, b.item_id, b.portfolio_id, false, false, b.owner_id,
       b.portfolio_id, b.item_id, harness.units(1), m.measured_on, harness.units(m.planned), 'EUR', harness.money(m.actual),
       harness.money(m.actual), 'VALIDATED', b.created_at, b.created_at, 1, b.created_at, b.created_at
from harness.benefit_measurement m join benefit b on b.id = harness.row_id('030', m.benefit_id) order by m.id;

-- KPIs of portfolios: posted values month by month, a target, and bounds that give the status of June 2026.
insert into kpi_definition (id, key, name, name_fold, description, kind, formula, formula_version, unit, direction, classes,
  hysteresis, version, created_at, updated_at)
select harness.row_id('040', n), 'POSTED_' || code, code, lower(code), code, 'POSTED', 'POSTED_' || code, 1, 'NUMBER', 'UP', 'WORK', 0,
       1, harness.start(), harness.start()
from unnest('{CPI,SPI,ROI,BENEFIT_REALISATION,RISK_EXPOSURE,UTILISATION}'::text[]) with ordinality k (code, n);
insert into kpi_posting (id, kpi_id, item_id, portfolio_id, is_restricted, effective_on, value, version, created_at, updated_at)
select harness.row_id('041', v.id), k.id, harness.row_id('010', v.portfolio_id), harness.row_id('010', v.portfolio_id), false, v.period,
       harness.units(v.value), 1, harness.start(), harness.start()
from harness.kpi_value v join kpi_definition k on k.key = 'POSTED_' || v.code where v.project_id is null order by v.id;
insert into kpi_target (id, kpi_id, item_id, portfolio_id, is_restricted, target_on, value, version, created_at, updated_at)
select harness.row_id('042', v.id), k.id, harness.row_id('010', v.portfolio_id), harness.row_id('010', v.portfolio_id), false, v.period,
       harness.units(v.target), 1, harness.start(), harness.start()
from harness.kpi_value v join kpi_definition k on k.key = 'POSTED_' || v.code
where v.project_id is null and v.period = '2025-01-01' order by v.id;
insert into kpi_threshold (id, kpi_id, item_id, portfolio_id, is_restricted, valid_from_on, green_from, amber_from, hysteresis,
  version, created_at, updated_at)
select harness.row_id('043', v.id), k.id, harness.row_id('010', v.portfolio_id), harness.row_id('010', v.portfolio_id), false, '2025-01-01',
       harness.units(case v.rag when 'GREEN' then 0 else 1001 end), harness.units(case v.rag when 'RED' then 1000 else 0 end), 0,
       1, harness.start(), harness.start()
from harness.kpi_value v join kpi_definition k on k.key = 'POSTED_' || v.code
where v.project_id is null and v.period = '2026-06-01' order by v.id;

drop schema harness cascade;
commit;
vacuum analyze;
