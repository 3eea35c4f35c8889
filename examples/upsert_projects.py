#!/usr/bin/env python3
"""Keeps projects in Foliograph as they are in a CSV file, then follows what changes. Needs Python 3.9 and nothing else.

    export FOLIOGRAPH_KEY=fgk_...
    python3 upsert_projects.py --url http://127.0.0.1:8080 --system ERP projects.csv
    python3 upsert_projects.py --url http://127.0.0.1:8080 --changes watermark.txt

The first command sends the rows in lists of up to 500, each with a key of this run. The run's name is kept in a file beside
the CSV file until all is done, so the command may be interrupted and run again at any time: what was done is not done twice,
and a row that is as it should be writes nothing.
The second prints every change since its last run, a JSON line each, and keeps its place in a file. The place is kept after
the lines are written: an interrupted run repeats some of them and loses none.

Columns of the file (those that are missing are left alone, an empty cell clears): external_id (required), key, name,
currency, parent_key, description, methodology, phase, forecast_start, forecast_finish.
"""

import argparse
import csv
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

# What a column is called in the API.
FIELDS = {
    "key": "key",
    "name": "name",
    "currency": "baseCurrency",
    "parent_key": "parentKey",
    "description": "description",
    "methodology": "methodology",
    "phase": "phase",
    "forecast_start": "forecastStartOn",
    "forecast_finish": "forecastFinishOn",
}
ROWS_A_LIST = 500
ATTEMPTS = 6

UPSERT = """
mutation Upsert($input: ProjectBulkUpsertInput!) {
  projectBulkUpsert(input: $input) {
    replayed createdCount updatedCount unchangedCount failedCount
    userErrors { code message path retryable }
  }
}
"""

CHANGES = """
query Changes($since: Cursor) {
  changes(types: [PROJECT], since: $since, first: 500) {
    watermark hasMore
    changes { kind id at version node { ... on Project { key name state forecastFinishOn } } }
  }
}
"""


class Refused(Exception):
    """The server said no, and would say it again."""


def ask(url, key, document, variables):
    """One request; tried again where the server or the network is only busy."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for attempt in range(1, ATTEMPTS + 1):
        wait = min(2**attempt, 30)
        try:
            request = urllib.request.Request(f"{url}/graphql", data=body, headers=headers)
            with urllib.request.urlopen(request, timeout=60) as response:
                answer = json.load(response)
            errors = answer.get("errors", [])
            if not errors:
                return answer["data"]
            if not all(error["extensions"].get("retryable") for error in errors):
                raise Refused("; ".join(f"{e['extensions']['code']}: {e['message']}" for e in errors))
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504):
                raise Refused(f"HTTP {error.code}: {error.read().decode(errors='replace')}") from error
            wait = int(error.headers.get("Retry-After", wait))
        except OSError as error:
            print(f"{error}; attempt {attempt} of {ATTEMPTS}", file=sys.stderr)
        if attempt < ATTEMPTS:
            time.sleep(wait)
    raise Refused(f"no answer after {ATTEMPTS} attempts")


def items(path, system):
    """The rows of the file as items of the mutation."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            if not row.get("external_id"):
                raise Refused(f"line {number} has no external_id")
            patch = {FIELDS[name]: value or None for name, value in row.items() if name in FIELDS}
            yield {"ref": {"external": {"system": system, "id": row["external_id"]}}, "patch": patch}


def run_of(place):
    """The name of the run that was interrupted, or of a new one."""
    if not os.path.exists(place):
        with open(f"{place}.new", "w", encoding="utf-8") as file:
            file.write(str(uuid.uuid4()))
        os.replace(f"{place}.new", place)
    with open(place, encoding="utf-8") as file:
        return uuid.UUID(file.read().strip())


def upsert(url, key, path, system):
    """Sends the file; true if every row was taken."""
    everything, good, place = list(items(path, system)), True, f"{path}.run"
    run = run_of(place)
    for start in range(0, len(everything), ROWS_A_LIST):
        some = everything[start : start + ROWS_A_LIST]
        # The same list of the same run has the same key: it is answered, and not done again.
        name = uuid.uuid5(run, json.dumps(some, sort_keys=True))
        again = {"items": some, "errorPolicy": "REJECT_FAILED", "clientMutationKey": str(name)}
        payload = ask(url, key, UPSERT, {"input": again})["projectBulkUpsert"]
        busy = [error for error in payload["userErrors"] if error["retryable"]]
        if busy:
            time.sleep(1)
            payload = ask(url, key, UPSERT, {"input": again})["projectBulkUpsert"]
        counts = ", ".join(f"{payload[name + 'Count']} {name}" for name in ("created", "updated", "unchanged", "failed"))
        note = " (done by an earlier run)" if payload["replayed"] else ""
        print(f"rows {start + 1} to {start + len(some)}: {counts}{note}", file=sys.stderr)
        for error in payload["userErrors"]:
            good = False
            print(f"{'.'.join(error['path'])}: {error['code']}: {error['message']}", file=sys.stderr)
    os.remove(place)
    return good


def follow(url, key, place):
    """Prints the changes since the place that the file keeps."""
    since = None
    if os.path.exists(place):
        with open(place, encoding="utf-8") as file:
            since = file.read().strip() or None
    while True:
        page = ask(url, key, CHANGES, {"since": since})["changes"]
        for change in page["changes"]:
            print(json.dumps(change))
        sys.stdout.flush()
        since = page["watermark"]
        with open(f"{place}.new", "w", encoding="utf-8") as file:
            file.write(since)
        os.replace(f"{place}.new", place)
        if not page["hasMore"]:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where Foliograph is [%(default)s]")
    parser.add_argument("--system", default="CSV", help="the system that external ids are of [%(default)s]")
    parser.add_argument("--changes", metavar="FILE", help="print changes, and keep the place in this file")
    parser.add_argument("csv", nargs="?", help="the file to send")
    asked = parser.parse_args()
    key = os.environ.get("FOLIOGRAPH_KEY")
    if not key:
        parser.error("FOLIOGRAPH_KEY holds no API key; 'foliograph key create' makes one")
    if not asked.csv and not asked.changes:
        parser.error("give a CSV file, or --changes FILE")
    try:
        good = upsert(asked.url, key, asked.csv, asked.system) if asked.csv else True
        if asked.changes:
            follow(asked.url, key, asked.changes)
    except Refused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
