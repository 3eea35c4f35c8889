#!/bin/bash
# What is done between two turns of writes.  usage: between.sh settle|clean SCALE SQLITE_FILE
# settle: waits until our servers have derived and ordered everything. clean: takes back what was written, everywhere.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); what=$1; scale=$2; file=$3
run_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "${PGPORT:-55440}" -U postgres "$@"; }
case $scale in s) last=60000;; l) last=1000000;; esac
# What is not derived or not ordered yet; one more where nothing was derived ever.
left="select (select count(*) from kpi_touch) + (select count(*) from outbox_event where position is null)
  + (select 1 - count(*) from kpi_tick where ticked_on is not null)"
case $what in
  settle)
    before=0; since=$SECONDS
    while now=$(run_sql -d "foliograph_$scale" -c "$left"); [ "$now" != 0 ]; do
      [ "$now" = "$before" ] || { before=$now; since=$SECONDS; }
      [ $((SECONDS - since)) -lt 300 ] || { echo "Nothing was derived or ordered for five minutes: is the server still there?" >&2; exit 1; }
      sleep 0.2
    done
    if [ -f "$file" ]; then python3 "$here/sqlite_between.py" settle "$file" "$left"; fi;;
  clean)
    run_sql -d "foliograph_$scale" -f "$here/clean.sql"
    run_sql -d "foliograph_${scale}_floor" -f "$here/clean.sql"
    run_sql -d "ppm_$scale" -c "delete from cost_entry where id > $last" -c "vacuum cost_entry"
    python3 "$here/sqlite_between.py" clean "$file";;
esac
