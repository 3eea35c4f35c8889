#!/usr/bin/env sh
# Counts instructions and compares them with those recorded. Where there is no valgrind nothing is built.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v valgrind >/dev/null; then
    echo "SKIPPED: counting instructions needs valgrind (apt-get install valgrind)."
    exit 0
fi
exec cargo bench --profile dev --features instructions --bench instructions -- "$@"
