#!/bin/bash
# Deriving of KPIs on PostgreSQL waits while somebody has its advisory lock (`DERIVING` in src/kpi/derive.rs): in no transaction,
# which would keep PostgreSQL from cleaning up behind the writes that are measured.  usage: hold.sh SCALE hold|release
set -euo pipefail
run_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "${PGPORT:-55440}" -U postgres "$@"; }
held="select count(*) from pg_stat_activity where application_name = 'bench-hold'"
case $2 in
  hold)
    PGAPPNAME=bench-hold run_sql -d "foliograph_$1" -c "select pg_advisory_lock(1718579564, 1)" -c '\! exec sleep 600.25' >/dev/null 2>&1 &
    until [ "$(run_sql -d postgres -c "$held and state = 'idle' and query like '%advisory%'")" = 1 ]; do sleep 0.1; done;;
  release)
    pkill -f 'sleep 600\.25' || true
    until [ "$(run_sql -d postgres -c "$held")" = 0 ]; do sleep 0.1; done;;
esac
