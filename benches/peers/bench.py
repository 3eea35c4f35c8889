#!/usr/bin/env python3
"""Compares the answers of several servers, then measures them in turns. From the harness's script of the same name, with
headers for each connection, rules for answers that differ in form, and what goes on behind a write.

  bench.py --workload FILE --target NAME=URL,QUERIES[,PID] ... [--headers NAME=FILE] --out FILE

The first target's answers are those that the others must give."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import answers
import targets
from targets import Target

WRITES = ("Q8", "Q9")


def verify(servers, queries):
    """Pairs of server and query whose answers are not those of the first server."""
    wrong = {}
    for query in queries:
        first = None
        for server in (s for s in servers if query in s.queries):
            try:
                said = server.answers(query)
            except Exception as error:  # whatever it is, this cell stays empty and says so
                body = error.read().decode()[:400] if hasattr(error, "read") else ""
                wrong[server.name, query] = "%s %s" % (error, body)
                continue
            if first is None:
                first = said
            else:
                differs = answers.difference(answers.expected(server.rules.get(query, []), first), said)
                if differs:
                    wrong[server.name, query] = "differs: " + differs
    for (name, query), why in wrong.items():
        print("NOT EQUAL: %s %s %s" % (name, query, why))
    print("%d queries, %d servers, %d not equal" % (len(queries), len(servers), len(wrong)), flush=True)
    return wrong


def once(server, file, clients, seconds, options):
    """Sends requests for a while."""
    command = [options.gqlbench, server.url, file, str(clients), str(seconds)]
    command += ["@" + server.headers] if server.headers else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def settle(query, options):
    """Waits for what goes on behind writes."""
    if query in WRITES and options.settle_cmd:
        subprocess.run(options.settle_cmd, shell=True, check=True)


def hold(what, query, options):
    """Has what goes on behind writes wait until the last answer, or go on."""
    if query in WRITES and options.hold_cmd:
        subprocess.run("%s %s" % (options.hold_cmd, what), shell=True, check=True)


def round_of(server, query, file, clients, options):
    """One turn of a server. What goes on behind a write waits for the last answer, and is counted apart."""
    hold("hold", query, options)
    targets.reset_peak(server.pid)
    mine, database = targets.cpu(server.pid), targets.cpu(options.pg_pid)
    figures = once(server, file, clients, options.seconds, options)
    thousands = max(figures["n"], 1) / 1000
    mine_after, database_after = targets.cpu(server.pid), targets.cpu(options.pg_pid)
    figures["server_cpu"] = (mine_after - mine) / thousands
    figures["pg_cpu"] = (database_after - database) / thousands
    hold("release", query, options)
    settle(query, options)
    figures["peak_mib"] = targets.peak(server.pid)
    behind = targets.cpu(server.pid) - mine_after + targets.cpu(options.pg_pid) - database_after
    figures["behind_cpu"] = behind / thousands if query in WRITES else 0.0
    if query in WRITES and options.clean_cmd:
        subprocess.run(options.clean_cmd, shell=True, check=True)
    return figures


def cell(server, query, clients, rounds):
    """The median of the rounds."""
    row = {"target": server.name, "query": query, "concurrency": clients, "rounds": len(rounds)}
    for name in ("rps", "p50_ms", "p99_ms", "bytes_per_reply", "server_cpu", "pg_cpu", "behind_cpu"):
        row[name] = statistics.median(figures[name] for figures in rounds)
    totals = [figures["server_cpu"] + figures["pg_cpu"] for figures in rounds]
    row.update(cpu=statistics.median(totals), cpu_min=min(totals), cpu_max=max(totals))
    row.update(errors=sum(f["errors"] for f in rounds), peak_mib=max(f["peak_mib"] for f in rounds))
    row["error"] = next((f["error"] for f in rounds if f["error"]), None)
    return row


def measure(servers, queries, wrong, options):
    """All cells; servers take turns, in reverse order every other round."""
    rows, folder = [], targets.folder()
    for query in queries:
        live = [s for s in servers if query in s.queries and (s.name, query) not in wrong]
        for server in live:
            once(server, server.requests(query, folder), 4, options.warmup, options)
            settle(query, options)
        if query in WRITES and options.clean_cmd:
            subprocess.run(options.clean_cmd, shell=True, check=True)
        for clients in options.conc:
            rounds = {server.name: [] for server in live}
            for turn in range(options.rounds):
                for server in live if turn % 2 == 0 else live[::-1]:
                    file = server.requests(query, folder)
                    rounds[server.name].append(round_of(server, query, file, clients, options))
            for server in live:
                row = cell(server, query, clients, rounds[server.name])
                rows.append(row)
                show(row)
    return rows


def show(row):
    """A line of progress."""
    wrong = "  %d ERRORS %s" % (row["errors"], row["error"]) if row["errors"] else ""
    print("%-4s c=%-3d %-18s %8.3f ms CPU (server %.3f, PostgreSQL %.3f, behind %.3f)  p50 %.2f ms  p99 %.2f ms  %.0f MiB%s" % (
        row["query"], row["concurrency"], row["target"], row["cpu"], row["server_cpu"], row["pg_cpu"], row["behind_cpu"],
        row["p50_ms"], row["p99_ms"], row["peak_mib"], wrong), flush=True)


def options():
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", required=True, help="the harness's variables for each query")
    parser.add_argument("--target", action="append", required=True, help="NAME=URL,QUERIES[,PID]")
    parser.add_argument("--headers", action="append", default=[], help="NAME=FILE: a header for each connection")
    parser.add_argument("--gqlbench", required=True, help="the load generator")
    parser.add_argument("--queries", help="such as Q1,Q5; all if not said")
    parser.add_argument("--conc", default="1,16,64", help="clients")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--warmup", type=float, default=0.7)
    parser.add_argument("--pg-pid", type=int, help="PostgreSQL's first process")
    parser.add_argument("--clean-cmd", help="takes back what was written")
    parser.add_argument("--hold-cmd", help="has what goes on behind writes wait ('hold') or go on ('release')")
    parser.add_argument("--settle-cmd", help="waits until nothing goes on behind writes")
    parser.add_argument("--note", action="append", default=[], help="NAME=TEXT, kept with the figures")
    parser.add_argument("--verify-only", action="store_true")
    parser.add_argument("--out", help="file of figures")
    asked = parser.parse_args()
    asked.conc = [int(clients) for clients in asked.conc.split(",")]
    return asked


def main():
    asked = options()
    with open(asked.workload) as file:
        workload = json.load(file)
    headers = dict(pair.split("=", 1) for pair in asked.headers)
    servers = [Target(spec, workload, headers) for spec in asked.target]
    queries = asked.queries.split(",") if asked.queries else list(workload["queries"])
    wrong = verify(servers, queries)
    if any(query in WRITES for query in queries) and asked.clean_cmd:
        settle("Q8", asked)
        subprocess.run(asked.clean_cmd, shell=True, check=True)
    if asked.verify_only:
        sys.exit(1 if wrong else 0)
    rows = measure(servers, queries, wrong, asked)
    if asked.out:
        about = {"cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "rounds": asked.rounds, "seconds": asked.seconds}
        about.update(pair.split("=", 1) for pair in asked.note)
        not_equal = [{"target": name, "query": query, "why": why} for (name, query), why in wrong.items()]
        os.makedirs(os.path.dirname(asked.out) or ".", exist_ok=True)
        with open(asked.out, "w") as file:
            json.dump({"about": about, "not_equal": not_equal, "results": rows}, file, indent=1)


main()
