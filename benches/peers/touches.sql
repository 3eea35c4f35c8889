-- What is to be derived after a load, portfolio by portfolio: else each turn of the deriver makes all portfolios again.
begin;
create temp table t on commit drop as
  select k.item_id, k.measure, k.at, k.request_id, k.mutation, row_number() over (order by i.portfolio_id, i.id, k.measure) n
  from kpi_touch k join portfolio_item i on i.id = k.item_id;
delete from kpi_touch;
insert into kpi_touch (item_id, measure, at, request_id, mutation)
select item_id, measure, at, request_id, mutation from t order by n;
commit;
vacuum analyze;
