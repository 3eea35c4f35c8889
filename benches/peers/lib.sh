# Steps of run.sh, which sets `here`, `root`, `harness`, `scale` and `again`.
export PEERS_DIR=${PEERS_DIR:-${TMPDIR:-/tmp}/foliograph-bench} PGPORT=${PGPORT:-55440}
PEERS=${PEERS:-floor postgraphile yoga prisma seaography}
port=${BASEPORT:-5500}
kept=$PEERS_DIR/foliograph; pids=$kept/run-$port; binaries=$PEERS_DIR/tgt/release; gqlbench=${GQLBENCH:-$binaries/foliograph-gqlbench}
# Most clients at a time; each has a key of its own.
keys=64

run_sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PGPORT" -U postgres "$@"; }
exists() { [ -n "$(run_sql -d postgres -c "select 1 from pg_database where datname = '$1'")" ]; }
url() { echo "postgres://postgres@127.0.0.1:$PGPORT/$1"; }

need_tools() {
  for tool in psql python3 cargo setsid; do
    command -v $tool >/dev/null || { say "$tool is missing; on Debian: apt-get install postgresql python3, and rustup for cargo."; exit 1; }
  done
  ours=foliograph_$scale; file=$kept/$scale.db; out=$here/results/$scale$part.json
  mkdir -p "$pids" "$here/results"; targets=()
}

# Our server and the load generator; the peers are built by hand, as the harness's README says.
build() {
  server=${SERVER:-${CARGO_TARGET_DIR:-$root/target}/release/foliograph}
  if [ -z "$built" ]; then
    (cd "$root" && cargo build --release --bin foliograph)
    (cd "$here/gqlbench" && cargo build --release --target-dir "$PEERS_DIR/tgt")
  fi
  [ -x "$binaries/floor" ] || { say "The floor is not built: cd $harness/rust && CARGO_TARGET_DIR=$PEERS_DIR/tgt cargo build --release -p floor"; exit 1; }
}

databases() {
  "$harness/setup_db.sh"
  exists "ppm_$scale" || { say "Making ppm_$scale; takes minutes for l"; "$harness/setup_db.sh" "$scale"; }
  if [ -n "$again" ] || ! exists "$ours" || ! exists "${ours}_floor" || [ ! -f "$file" ] || [ ! -f "$kept/$scale.headers" ]; then load; fi
  # What was loaded before a migration is brought up to it.
  for at in "$(url "$ours")" "$(url "${ours}_floor")" "sqlite:$file"; do migrate "$at"; done
}

migrate() { DATABASE_URL=$1 "$server" migrate up >>"$kept/migrate.log" 2>&1 || { tail -5 "$kept/migrate.log"; exit 1; }; }

# Our database from the harness's, what our server derives from it, and copies for SQLite and the floor that writes everything.
load() {
  say "Loading $ours"
  run_sql -d postgres -c "set client_min_messages = warning" -c "drop database if exists $ours" -c "drop database if exists ${ours}_floor" \
    -c "create database $ours template ppm_$scale"
  run_sql -d "$ours" -c "alter schema public rename to harness" -c "create schema public"
  migrate "$(url "$ours")"
  run_sql -d "$ours" -f "$here/load.sql"
  : >"$kept/$scale.headers"
  for n in $(seq $keys); do
    echo "authorization: Bearer $(DATABASE_URL=$(url "$ours") "$server" key create --name "bench-$n" --role PMO_LEAD --role FINANCE 2>>"$kept/migrate.log")" >>"$kept/$scale.headers"
  done
  say "Deriving measures and KPIs of what was loaded, as the server does at its first start; takes minutes for l"
  serve derive "$(url "$ours")" $((port + 11)); end derive
  run_sql -d "$ours" -f "$here/touches.sql"
  serve derive "$(url "$ours")" $((port + 11)); bash "$here/between.sh" settle "$scale" ""; end derive
  run_sql -d "$ours" -c "vacuum analyze"
  run_sql -d postgres -c "create database ${ours}_floor template $ours"
  run_sql -d "${ours}_floor" -c "create sequence floor_id cache 100"
  say "Copying into SQLite"
  rm -f "$file" "$file"-*; migrate "sqlite:$file?mode=rwc"
  python3 "$here/sqlite.py" "$file" psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PGPORT" -U postgres -d "$ours" -c
}

# Starts a program of ours and waits for its port.
start() {
  local name=$1 at=$2; shift 2
  setsid "$@" >"$kept/$name.log" 2>&1 & local pid=$!
  echo $pid >"$pids/$name.pid"
  while kill -0 $pid 2>/dev/null; do (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null && sleep 0.2 && kill -0 $pid 2>/dev/null && return; sleep 0.1; done
  say "$name ended:"; tail -3 "$kept/$name.log"; exit 1
}
# Ends it and waits until it is gone.
end() { local pid; pid=$(cat "$pids/$1.pid"); rm "$pids/$1.pid"; kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done; }
# Our server as it is served, with more to spend for a key than a closed loop can ask for.
serve() { start "$1" "$3" env DATABASE_URL="$2" FOLIOGRAPH_LISTEN="127.0.0.1:$3" FOLIOGRAPH_KEY_FILE="$kept/key" FOLIOGRAPH_METRICS=off \
  FOLIOGRAPH_KEY_BUCKET=1000000000 FOLIOGRAPH_KEY_BUCKET_REFILL=10000000 "$server" serve; }
add() { targets+=(--target "$1=http://127.0.0.1:$2,$3,$4"); }

start_floors() {
  start floor "$port" "$binaries/floor" "ppm_$scale" "$port" "$harness/sql/floor.sql" 10
  start floor-full $((port + 10)) "$binaries/floor" "${ours}_floor" $((port + 10)) "$here/floor-full.sql" 10
  add floor-rows "$port/rows" "$harness/queries/floor-rows.graphql" "$(cat "$pids/floor.pid")"
  add floor "$port/graphql" "$harness/queries/floor.graphql" "$(cat "$pids/floor.pid")"
  add floor-full "$((port + 10))/graphql" "$here/floor-full.graphql" "$(cat "$pids/floor-full.pid")"
}

start_ours() {
  serve foliograph "$(url "$ours")" $((port + 11)); serve foliograph-sqlite "sqlite:$file" $((port + 12))
  for name in foliograph foliograph-sqlite; do
    add $name "$((port + 11 + $([ $name = foliograph ] && echo 0 || echo 1)))/graphql" "$here/foliograph.graphql" "$(cat "$pids/$name.pid")"
    targets+=(--headers "$name=$kept/$scale.headers")
  done
}

start_peers() {
  local name node=${NODE:-$harness/node/node_modules/.bin/node} ready=
  for name in $PEERS; do case $name in
    floor) ;;
    seaography) [ -x "$binaries/seapeer" ] && ready="$ready $name" || say "LEFT OUT: $name is not built (harness README, \"Build\")";;
    *) [ -x "$node" ] && ready="$ready $name" || say "LEFT OUT: $name needs $harness/node to be installed (harness README, \"Build\")";;
  esac; done
  [ -n "$ready" ] || return 0
  PEERS=$ready "$harness/serve.sh" "ppm_$scale" "$port" >"$kept/peers"
  while read -r name pid at; do
    local queries=$name; [ "$name" = prisma ] && queries=yoga
    if kill -0 "$pid" 2>/dev/null; then add "$name" "$at/graphql" "$harness/queries/$queries.graphql" "$pid"
    else say "LEFT OUT: $name ended at once; see $PEERS_DIR/run/$name.log"; fi
  done <"$kept/peers"
}

stop() {
  for pid in "$pids"/*.pid; do [ -f "$pid" ] && { kill "$(cat "$pid")" 2>/dev/null || true; rm -f "$pid"; }; done
  "$harness/serve.sh" stop
}
