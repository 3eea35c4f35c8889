-- What our mutations write, as one statement each by hand: the rows, the facts and touches of their measures, their trail and
-- their events. Run by the harness's floor on a copy of our database, so that nothing is derived behind it; `floor_id` is
-- a sequence of ids made with that copy.
-- name: Q8(input)
with i as materialized (
  select ('01910000-0000-7000-8000-' || lpad(to_hex(nextval('floor_id')), 12, '0'))::uuid id,
    'act_' || lpad(currval('floor_id')::text, 26, '0') "key", now() "at", gen_random_uuid() txn, p.id item_id, p.portfolio_id,
    p.is_restricted, k.id calendar_id, m.id period_id, m.end_on, c.id category_id, r.*
  from json_to_record($1::json) r ("projectId" int, "entryDate" date, category text, "costType" text, amount numeric,
    currency text, vendor text, "invoiceNo" text, note text)
  join portfolio_item p on p.kind = 'PROJECT' and p.key = r."projectId"::text and p.state <> 'CLOSED'
  join fiscal_calendar k on k.key = 'MONTHS'
  join fiscal_period m on m.calendar_id = k.id and r."entryDate" between m.start_on and m.end_on and m.state = 'OPEN'
  join cost_category c on c.key = r.category),
a as (
  insert into actual (id, item_id, portfolio_id, is_restricted, is_labor, key, occurred_on, posting_on, calendar_id, period_id,
    category_id, source, expenditure, currency, amount, vendor, invoice, description, is_accrual, reported_portfolio_id, version,
    created_at, updated_at)
  select id, item_id, portfolio_id, is_restricted, false, "key", "entryDate", "entryDate", calendar_id, period_id, category_id,
    'NON_LABOR', "costType", currency, (amount * 10000)::bigint, vendor, "invoiceNo", note, false, portfolio_id, 1, "at", "at"
  from i),
d as (
  insert into measure_delta (source_type, source_id, item_id, measure, effective_on, currency, amount, recorded_at)
  select 'ACTUAL', id, item_id, f.measure, f.day, currency, (amount * 10000)::bigint, "at"
  from i cross join lateral (values ('AC', "entryDate"), ('AC_ENDED', end_on), ("costType", "entryDate")) f (measure, day)),
t as (
  insert into kpi_touch (item_id, measure, at, request_id, mutation)
  select distinct item_id, f.measure, "at", 'floor', 'actualCreate'
  from i cross join lateral (values ('AC'), ('AC_ENDED'), ("costType")) f (measure)),
o as (
  insert into outbox_event (transaction_id, at, request_id, mutation, target_type, target_id, version, was_there, was_restricted)
  select txn, "at", '01a2046292ae750d8bac1dab41896178', 'actualCreate', 'Actual', id, 1, false, false from i),
x as (
  insert into audit_event (id, at, transaction_id, request_id, mutation, principal, action, target_type, target_id, target_ref,
    target_version, changes, after_item_id, item_id, portfolio_id, is_restricted)
  select id, "at", txn, '01a2046292ae750d8bac1dab41896178', 'actualCreate', 'key:01a20459-8d7d-728d-90f3-0d5fb75f9131',
    'CREATED', 'Actual', id, "key", 1, concat('[{"after":"', "key", '","before":null,"class":"FIN_LINE","field":"key"},',
    '{"after":null,"before":null,"class":"FIN_LINE","field":"item","item":true},',
    '{"after":"', "entryDate", '","before":null,"class":"FIN_LINE","field":"occurredOn"},',
    '{"after":"', "entryDate", '","before":null,"class":"FIN_LINE","field":"postingOn"},',
    '{"after":"fca_0680000001r210000000000004","before":null,"class":"FIN_LINE","field":"calendar"},',
    '{"after":"fpd_0680000001r23000000000001w","before":null,"class":"FIN_LINE","field":"period"},',
    '{"after":"ccy_0680000001r25000000000000g","before":null,"class":"FIN_LINE","field":"category"},',
    '{"after":"NON_LABOR","before":null,"class":"FIN_LINE","field":"source"},',
    '{"after":', to_json("costType"), ',"before":null,"class":"FIN_LINE","field":"expenditure"},',
    '{"after":', to_json(currency), ',"before":null,"class":"FIN_LINE","field":"currency"},',
    '{"after":{"amount":"', amount, '","currency":', to_json(currency), '},"before":null,"class":"FIN_LINE","field":"amount"},',
    '{"after":', to_json(vendor), ',"before":null,"class":"FIN_LINE","field":"vendor"},',
    '{"after":', to_json("invoiceNo"), ',"before":null,"class":"FIN_LINE","field":"invoice"},',
    '{"after":', to_json(note), ',"before":null,"class":"FIN_LINE","field":"description"},',
    '{"after":false,"before":null,"class":"FIN_LINE","field":"isAccrual"}]'), item_id, item_id, portfolio_id, is_restricted
  from i)
select json_build_object('data', json_build_object('created', json_build_object('id', "key"))) from i;

-- name: Q9(input)
with i as materialized (
  select ('01910000-0000-7000-8000-' || lpad(to_hex(nextval('floor_id')), 12, '0'))::uuid id,
    'act_' || lpad(currval('floor_id')::text, 26, '0') "key", now() "at", u.txn, p.id item_id, p.portfolio_id,
    p.is_restricted, k.id calendar_id, m.id period_id, m.end_on, c.id category_id, r.*
  from (select gen_random_uuid() txn) u, json_to_recordset($1::json) r ("projectId" int, "entryDate" date, category text, "costType" text, amount numeric,
    currency text, vendor text, "invoiceNo" text, note text)
  join portfolio_item p on p.kind = 'PROJECT' and p.key = r."projectId"::text and p.state <> 'CLOSED'
  join fiscal_calendar k on k.key = 'MONTHS'
  join fiscal_period m on m.calendar_id = k.id and r."entryDate" between m.start_on and m.end_on and m.state = 'OPEN'
  join cost_category c on c.key = r.category),
a as (
  insert into actual (id, item_id, portfolio_id, is_restricted, is_labor, key, occurred_on, posting_on, calendar_id, period_id,
    category_id, source, expenditure, currency, amount, vendor, invoice, description, is_accrual, reported_portfolio_id, version,
    created_at, updated_at)
  select id, item_id, portfolio_id, is_restricted, false, "key", "entryDate", "entryDate", calendar_id, period_id, category_id,
    'NON_LABOR', "costType", currency, (amount * 10000)::bigint, vendor, "invoiceNo", note, false, portfolio_id, 1, "at", "at"
  from i),
d as (
  insert into measure_delta (source_type, source_id, item_id, measure, effective_on, currency, amount, recorded_at)
  select 'ACTUAL', id, item_id, f.measure, f.day, currency, (amount * 10000)::bigint, "at"
  from i cross join lateral (values ('AC', "entryDate"), ('AC_ENDED', end_on), ("costType", "entryDate")) f (measure, day)),
t as (
  insert into kpi_touch (item_id, measure, at, request_id, mutation)
  select distinct item_id, f.measure, "at", 'floor', 'actualBulkCreate'
  from i cross join lateral (values ('AC'), ('AC_ENDED'), ("costType")) f (measure)),
o as (
  insert into outbox_event (transaction_id, at, request_id, mutation, target_type, target_id, version, was_there, was_restricted)
  select txn, "at", '01a2046292ae750d8bac1dab41896178', 'actualBulkCreate', 'Actual', id, 1, false, false from i),
x as (
  insert into audit_event (id, at, transaction_id, request_id, mutation, principal, action, target_type, target_id, target_ref,
    target_version, changes, after_item_id, item_id, portfolio_id, is_restricted)
  select id, "at", txn, '01a2046292ae750d8bac1dab41896178', 'actualBulkCreate', 'key:01a20459-8d7d-728d-90f3-0d5fb75f9131',
    'CREATED', 'Actual', id, "key", 1, concat('[{"after":"', "key", '","before":null,"class":"FIN_LINE","field":"key"},',
    '{"after":null,"before":null,"class":"FIN_LINE","field":"item","item":true},',
    '{"after":"', "entryDate", '","before":null,"class":"FIN_LINE","field":"occurredOn"},',
    '{"after":"', "entryDate", '","before":null,"class":"FIN_LINE","field":"postingOn"},',
    '{"after":"fca_0680000001r210000000000004","before":null,"class":"FIN_LINE","field":"calendar"},',
    '{"after":"fpd_0680000001r23000000000001w","before":null,"class":"FIN_LINE","field":"period"},',
    '{"after":"ccy_0680000001r25000000000000g","before":null,"class":"FIN_LINE","field":"category"},',
    '{"after":"NON_LABOR","before":null,"class":"FIN_LINE","field":"source"},',
    '{"after":', to_json("costType"), ',"before":null,"class":"FIN_LINE","field":"expenditure"},',
    '{"after":', to_json(currency), ',"before":null,"class":"FIN_LINE","field":"currency"},',
    '{"after":{"amount":"', amount, '","currency":', to_json(currency), '},"before":null,"class":"FIN_LINE","field":"amount"},',
    '{"after":', to_json(vendor), ',"before":null,"class":"FIN_LINE","field":"vendor"},',
    '{"after":', to_json("invoiceNo"), ',"before":null,"class":"FIN_LINE","field":"invoice"},',
    '{"after":', to_json(note), ',"before":null,"class":"FIN_LINE","field":"description"},',
    '{"after":false,"before":null,"class":"FIN_LINE","field":"isAccrual"}]'), item_id, item_id, portfolio_id, is_restricted
  from i),
y as (
  insert into idempotency (principal, mutation, key, input_hash, outcome, created_at)
  select 'floor', 'actualBulkCreate', gen_random_uuid()::text, sha256($1::text::bytea), json_build_object('count', count(*), 'errors',
    '[]'::json, 'rows', json_agg(json_build_object('id', "key", 'index', 0, 'status', 'CREATED')))::text, now() from i)
select json_build_object('data', json_build_object('created', json_agg(json_build_object('id', "key")))) from i;
