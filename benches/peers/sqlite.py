#!/usr/bin/env python3
"""Copies our tables from PostgreSQL into a migrated, empty SQLite file, stored as the server stores them.

  sqlite.py FILE PSQL...        PSQL is the command that runs a statement given to it, such as: psql -X -q -A -t -d NAME -c"""
import sqlite3
import subprocess
import sys

# How a column of PostgreSQL is told, and how SQLite's value is made of the text.
HEX = "encode({}, 'hex')"
TOLD = {"uuid": HEX.format("uuid_send({})"), "bytea": HEX, "boolean": "{}::int", "timestamp with time zone": (
    "to_char({0} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') || "
    "case when extract(milliseconds from {0})::int % 1000 = 0 then '' else to_char({0}, '.MS') end || '+00:00'")}
MADE = {"uuid": bytes.fromhex, "bytea": bytes.fromhex, "boolean": int, "integer": int, "bigint": int}
ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
BATCH = 20_000


def plain(text):
    """Text without the escapes of COPY."""
    if "\\" not in text:
        return text
    parts = text.split("\\\\")
    for sign in ("\\t", "\\n", "\\r"):
        parts = [part.replace(sign, ESCAPES[sign]) for part in parts]
    return "\\".join(parts)


def columns_of(psql, table):
    """Columns of a table in PostgreSQL with their types."""
    asked = "select column_name || ' ' || data_type from information_schema.columns where table_schema = 'public' and table_name = '%s'"
    lines = subprocess.run(psql + [asked % table], check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines)


def rows_of(psql, table, columns):
    """Rows of a table as SQLite keeps them."""
    told = ", ".join(TOLD.get(kind, "{}").format('"%s"' % name) for name, kind in columns)
    command = psql + ["copy (select %s from %s) to stdout" % (told, table)]
    makers = [MADE.get(kind, plain) for _, kind in columns]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        for line in process.stdout:
            fields = line.rstrip("\n").split("\t")
            yield [None if field == "\\N" else make(field) for make, field in zip(makers, fields)]
    if process.returncode:
        raise SystemExit("%s could not be read" % table)


def copy(database, psql, table):
    """Copies a table; what it holds already goes."""
    here = [row[1] for row in database.execute("pragma table_info(%s)" % table)]
    there = columns_of(psql, table)
    columns = [(name, there[name]) for name in here if name in there]
    database.execute("delete from %s" % table)
    marks = ", ".join("?" for _ in columns)
    insert = "insert into %s (%s) values (%s)" % (table, ", ".join('"%s"' % name for name, _ in columns), marks)
    batch = []
    for row in rows_of(psql, table, columns):
        batch.append(row)
        if len(batch) == BATCH:
            database.executemany(insert, batch)
            batch = []
    database.executemany(insert, batch)


def main():
    path, *psql = sys.argv[1:]
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma foreign_keys = off")
    database.execute("begin")
    tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
    for table in tables:
        if table != "seaql_migrations" and not table.startswith("sqlite_"):
            copy(database, psql, table)
    database.execute("commit")
    database.execute("analyze")


main()
