#!/usr/bin/env python3
"""Follows KPIs of Foliograph as they change and prints a JSON line for each value. Needs Python 3.9 and `websockets`.

    pip install "websockets>=15"
    export FOLIOGRAPH_TOKEN_FILE=token.txt        # a token, or an API key
    python3 follow_kpis.py --url http://127.0.0.1:8080 --place place.txt --scope prj_... EV_AC EV_CPI

The first run prints the values of now, then what changes. It may be stopped and run again at any time: the cursor of the
last change is kept in a file, and the next run goes on after it. The cursor is kept after the line is written: a run that
is killed between the two repeats that line and loses none. Whoever keeps both in one transaction has each exactly once.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

FOLLOW = """
subscription Follow($filter: KpiFilter, $after: Cursor, $initial: Boolean) {
  kpiChanged(filter: $filter, after: $after, initial: $initial) {
    __typename
    ... on KpiChangeEvent {
      cursor at previous causedBy { mutation }
      kpi { kpi { key } scope { id key } periodEnd value unit status nullReason }
    }
    ... on StreamReset { reason }
  }
}
"""
# The server asks every 15 seconds whether anybody is there: after three times without a word it is gone.
SILENCE = 45


class Refused(Exception):
    """The server said no, and would say it again."""


def credential():
    """The credential of a new connection. A token that has ended closes the socket: get the next one here."""
    return "Bearer " + Path(os.environ.get("FOLIOGRAPH_TOKEN_FILE", "token.txt")).read_text().strip()


def place_of(path):
    """Where the last run stopped; None at first."""
    return path.read_text() if path.exists() else None


def keep(path, cursor):
    """Keeps the place: the old one stands until the new one is whole."""
    path.with_suffix(".new").write_text(cursor)
    path.with_suffix(".new").replace(path)


def messages(url, variables):
    """What the server tells of the subscription, over one connection, in the protocol graphql-transport-ws."""
    address = f"ws{url[len('http'):]}/graphql/ws"
    with connect(address, subprotocols=["graphql-transport-ws"], max_size=None) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": credential()}}))
        while True:
            message = json.loads(socket.recv(timeout=SILENCE))
            if message["type"] == "connection_ack":
                payload = {"query": FOLLOW, "variables": variables}
                socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            elif message["type"] == "ping":
                socket.send(json.dumps({"type": "pong"}))
            elif message["type"] == "next" and message["payload"].get("data"):
                yield message["payload"]["data"]["kpiChanged"]
            elif message["type"] in ("next", "error"):
                payload = message["payload"]
                errors = payload if isinstance(payload, list) else payload.get("errors", [])
                is_busy = any(error.get("extensions", {}).get("retryable") for error in errors)
                raise (OSError if is_busy else Refused)(json.dumps(errors))


def follow(asked):
    """Follows until the connection ends, which raises, or until all must be loaded anew."""
    after = place_of(asked.place)
    variables = {"filter": {"kpis": asked.kpis or None, "scopes": asked.scope}, "after": after, "initial": not after}
    for event in messages(asked.url, variables):
        if event["__typename"] == "StreamReset":
            # What came after the cursor is kept no more: the values of now come next.
            print(f"begins anew: {event['reason']}", file=sys.stderr, flush=True)
            asked.place.unlink()
            return
        print(json.dumps(event), flush=True)
        # Values of now have no cause. All have one cursor, so the place is kept from the first change on.
        if event["causedBy"]:
            keep(asked.place, event["cursor"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where Foliograph is [%(default)s]")
    parser.add_argument("--place", type=Path, default="place.txt", help="the file that keeps the last cursor [%(default)s]")
    parser.add_argument("--scope", action="append", help="an item's id, with all below it; may be repeated")
    parser.add_argument("kpis", nargs="*", help="KPIs by their keys; all if none is named")
    asked, wait = parser.parse_args(), 1
    while True:
        began = time.monotonic()
        try:
            follow(asked)
        except (OSError, WebSocketException) as ended:
            # 4400 and 4401 are a bad request and no credential: trying again would change nothing.
            close = ended.rcvd if isinstance(ended, ConnectionClosed) else None
            if close and close.code in (4400, 4401):
                sys.exit(f"refused: {close.reason}")
            wait = 1 if time.monotonic() - began > 60 else wait
            print(f"{ended}: comes back in {wait} s", file=sys.stderr, flush=True)
            time.sleep(wait)
            wait = min(wait * 2, 30)
        except Refused as refused:
            sys.exit(f"refused: {refused}")


if __name__ == "__main__":
    main()
