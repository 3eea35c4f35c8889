#!/usr/bin/env sh
# Nothing of ours is unsafe, so no sanitizer watches memory, and a debug build checks more.
# Builds and runs each fuzz target for some seconds (20 unless told), ending at the first that fails.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-20}
if ! cargo +nightly --version >/dev/null 2>&1 || ! cargo fuzz --version >/dev/null 2>&1; then
    echo "SKIPPED: fuzzing needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz)."
    exit 0
fi
for target in document cursor table credential; do
    mkdir -p "fuzz/found/$target"
    echo "fuzzing $target for $seconds s"
    cargo +nightly fuzz run --dev --sanitizer none "$target" "fuzz/found/$target" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 -dict=fuzz/graphql.dict
done
