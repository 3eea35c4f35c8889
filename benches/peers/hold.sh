#!/bin/bash
# Deriving of KPIs on PostgreSQL waits while somebody has its row.  usage: hold.sh SCALE hold|release
set -euo pipefail
run_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "${PGPORT:-55440}" -U postgres "$@"; }
held="from pg_stat_activity where application_name = 'bench-hold'"
case $2 in
  hold)
    PGAPPNAME=bench-hold run_sql -d "foliograph_$1" -c "begin" -c "select 1 from kpi_tick for update" -c "select pg_sleep(600)" >/dev/null 2>&1 &
    until [ "$(run_sql -d postgres -c "select count(*) $held and query like '%pg_sleep%'")" = 1 ]; do sleep 0.1; done;;
  release)
    run_sql -d postgres -c "select pg_terminate_backend(pid) $held" >/dev/null
    until [ "$(run_sql -d postgres -c "select count(*) $held")" = 0 ]; do sleep 0.1; done;;
esac
