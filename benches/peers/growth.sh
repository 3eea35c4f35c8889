#!/bin/bash
# The same requests where 1, 10 and 100 times as many rows are stored: copies our database of scale s, compares answers with the
# floor's, measures, draws growth.svg.   sh benches/peers/growth.sh [--conc 16] [--rounds 3] [--seconds 2] [--built]
# Takes some 12 GB and ten minutes. Environment as of run.sh; TIMES="10 100" says which copies.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
harness=$(cd "${FOLIOGRAPH_BENCH_DIR:-$root/../shared/bench}" && pwd)
unset FOLIOGRAPH_BENCH_DIR # our server refuses settings that it does not know
scale=s; again=; part=-growth; built=; pass=()
for word in "$@"; do case $word in --built) built=1;; *) pass+=("$word");; esac; done

say() { echo "-- $*"; }
. "$here/lib.sh"
need_tools
build
databases
trap stop EXIT
for times in ${TIMES:-10 100}; do
  exists "${ours}_x$times" && { migrate "$(url "${ours}_x$times")"; continue; }
  say "Storing $times times as much"
  run_sql -d postgres -c "create database ${ours}_x$times template $ours"
  run_sql -d "${ours}_x$times" -v times="$times" -f "$here/multiply.sql" ||
    { run_sql -d postgres -c "drop database ${ours}_x$times"; exit 1; }
done
start floor "$port" "$binaries/floor" "ppm_$scale" "$port" "$harness/sql/floor.sql" 10
add floor-rows "$port/rows" "$harness/queries/floor-rows.graphql" "$(cat "$pids/floor.pid")"
at=$((port + 11))
for times in 1 ${TIMES:-10 100}; do
  database=$ours; [ "$times" = 1 ] || database=${ours}_x$times
  serve "x$times" "$(url "$database")" $at
  add "x$times" "$at/graphql" "$here/foliograph.graphql" "$(cat "$pids/x$times.pid")"
  targets+=(--headers "x$times=$kept/$scale.headers")
  at=$((at + 1))
done
python3 "$here/bench.py" --gqlbench "$gqlbench" --workload "$harness/queries/workload.json" "${targets[@]}" \
  --pg-pid "$(head -1 "$PEERS_DIR/pg/postmaster.pid")" --conc 16 --queries Q1,Q2,Q3,Q4,Q5,Q6,Q7,Q10 --note "scale=$scale" --out "$out" \
  ${pass[@]+"${pass[@]}"}
python3 "$here/growth.py" "$out" "$here/growth.svg" | tee "${out%.json}.md"
