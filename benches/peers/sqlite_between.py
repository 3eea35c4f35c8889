#!/usr/bin/env python3
"""What between.sh does, for SQLite.  usage: sqlite_between.py settle FILE QUERY | clean FILE"""
import sqlite3
import sys
import time

# As clean.sql.
MADE = bytes.fromhex("01910000000070008000000000000000")
CLEAN = (
    ("delete from measure_delta where source_type = 'ACTUAL' and source_id >= ?", (MADE,)),
    ("delete from actual where id >= ?", (MADE,)),
    ("delete from audit_event where target_type = 'Actual'", ()),
    ("delete from outbox_event where mutation like 'actual%'", ()),
    ("delete from kpi_change where version < (select v.version from kpi_value v where v.id = kpi_change.value_id)", ()),
    ("delete from idempotency", ()),
)


def wait(database, query):
    """Until nothing is left, or nothing has changed for five minutes."""
    before, since = 0, time.time()
    while left := database.execute(query).fetchone()[0]:
        if left != before:
            before, since = left, time.time()
        if time.time() - since > 300:
            sys.exit("Nothing was derived or ordered for five minutes: is the server still there?")
        time.sleep(0.2)


def main():
    what, path, *query = sys.argv[1:]
    database = sqlite3.connect(path, timeout=60)
    if what == "settle":
        wait(database, query[0])
        return
    with database:
        for statement, values in CLEAN:
            database.execute(statement, values)


main()
