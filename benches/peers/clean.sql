-- Takes back what Q8 and Q9 wrote. Ids of loaded rows come before those of rows that a server makes.
\set ON_ERROR_STOP 1
\set made '''01910000-0000-7000-8000-000000000000'''
set client_min_messages = warning;
delete from measure_delta where source_type = 'ACTUAL' and source_id >= :made;
delete from actual where id >= :made;
delete from audit_event where target_type = 'Actual';
delete from outbox_event where mutation like 'actual%';
delete from kpi_change c using kpi_value v where v.id = c.value_id and c.version < v.version;
delete from kpi_touch;
delete from idempotency;
vacuum actual, measure_delta, audit_event, outbox_event, kpi_change, kpi_value, kpi_touch, idempotency, kpi_tick, outbox_head;
