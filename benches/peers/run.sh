#!/bin/bash
# Foliograph beside its peers: makes the databases, starts everybody, compares answers, measures, prints tables.
#   sh benches/peers/run.sh s|l [--conc 1,16,64] [--rounds 3] [--seconds 2] [--queries Q1,Q5] [--verify-only] [--again] [--built]
# --again loads our databases afresh, --built takes programs as they are built. Environment: FOLIOGRAPH_BENCH_DIR the harness,
# PEERS_DIR where its peers are built, PEERS="floor postgraphile yoga prisma seaography", SERVER our program,
# GQLBENCH the load generator, BASEPORT, PGPORT. See benches/README.md.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); root=$(cd "$here/../.." && pwd)
harness=${FOLIOGRAPH_BENCH_DIR:-$root/../shared/bench}
unset FOLIOGRAPH_BENCH_DIR # our server refuses settings that it does not know
scale=${1:-s}; shift || true
case $scale in s) workload=workload.json;; l) workload=workload-l.json;; *) sed -n '2,6s/^# //p' "$0"; exit 2;; esac
again=; built=; part=; pass=()
for word in "$@"; do case $word in --queries*) part=-part; pass+=("$word");; --again) again=1;; --built) built=1;; *) pass+=("$word");; esac; done

say() { echo "-- $*"; }
if [ ! -f "$harness/bench.py" ]; then
  say "There is no harness in $harness (FOLIOGRAPH_BENCH_DIR): our side runs alone."
  cd "$root" && exec cargo bench --bench reads
fi
harness=$(cd "$harness" && pwd)
. "$here/lib.sh"
need_tools
build
databases
trap stop EXIT
start_floors
start_ours
start_peers
say "Comparing answers, then measuring; raw figures go to $out"
python3 "$here/bench.py" --gqlbench "$gqlbench" --workload "$harness/queries/$workload" "${targets[@]}" \
  --pg-pid "$(head -1 "$PEERS_DIR/pg/postmaster.pid")" --clean-cmd "bash '$here/between.sh' clean $scale '$file'" \
  --hold-cmd "bash '$here/hold.sh' $scale" --settle-cmd "bash '$here/between.sh' settle $scale '$file'" \
  --note "scale=$scale" --out "$out" ${pass[@]+"${pass[@]}"}
[ -f "$out" ] || exit 0
# The drawing is of all queries.
drawing=("$here/peers-$scale.svg"); [ -z "$part" ] || drawing=()
python3 "$here/report.py" "$out" ${drawing[@]+"${drawing[@]}"} | tee "${out%.json}.md"
