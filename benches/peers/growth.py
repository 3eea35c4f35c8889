#!/usr/bin/env python3
"""How the CPU of a request grows with what is stored, of two runs.  usage: growth.py SMALL.json LARGE.json DRAWING.svg

Each request asks for as many rows at either scale. The floor's own growth stands beside ours: Q7 of scale l is about twice as many
bookings of a portfolio, so it may cost about twice as much."""
import json
import sys

OURS, FLOOR, CLIENTS = "foliograph", "floor-rows", 16
WIDTH, LEFT, ROW, TOP, MOST = 860, 60, 30, 84, 4.0


def cells(path):
    """Milliseconds of CPU by query and target."""
    with open(path) as file:
        rows = json.load(file)["results"]
    return {(row["query"], row["target"]): row["cpu"] for row in rows if row["concurrency"] == CLIENTS and not row["errors"]}


def place(growth):
    """Where a growth stands."""
    return LEFT + min(growth, MOST) / MOST * (WIDTH - LEFT - 30)


def dot(growth, y, color, name):
    """One growth."""
    return '<circle cx="%.1f" cy="%.1f" r="5" fill="%s"><title>%s: %.2f</title></circle>' % (place(growth), y, color, name, growth)


def main():
    small, large, drawing = cells(sys.argv[1]), cells(sys.argv[2]), sys.argv[3]
    queries = sorted({query for query, _ in small} & {query for query, _ in large}, key=lambda query: int(query[1:]))
    bottom = TOP + ROW * len(queries)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">' % (WIDTH, bottom + 30),
           '<rect width="%d" height="%d" fill="#ffffff"/>' % (WIDTH, bottom + 30),
           '<text x="20" y="24" font-size="16" font-weight="bold">CPU of a request: 10 times the projects, 17 times the cost entries</text>',
           '<text x="20" y="44" fill="#555555">times what it takes at scale S, %d clients; 1 is flat; green is ours, gray the floor</text>' % CLIENTS]
    for mark in (1, 2, 3, 4):
        out.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/>' % (place(mark), TOP - 14, place(mark), bottom))
        out.append('<text x="%.1f" y="%d" text-anchor="middle" fill="#555555">%d</text>' % (place(mark), bottom + 18, mark))
    print("| query | S, ms | L, ms | growth | the floor's |\n|---|---:|---:|---:|---:|")
    for number, query in enumerate(queries):
        y = TOP + ROW * number
        out.append('<text x="20" y="%d">%s</text>' % (y + 4, query))
        growths = {}
        for name, color in ((FLOOR, "#777777"), (OURS, "#1f6f54")):
            if (query, name) in small and (query, name) in large:
                growths[name] = large[query, name] / small[query, name]
                out.append(dot(growths[name], y, color, "%s %s" % (query, name)))
        if OURS in growths:
            print("| %s | %.3f | %.3f | %.2f | %.2f |" % (query, small[query, OURS], large[query, OURS], growths[OURS], growths.get(FLOOR, 0)))
    with open(drawing, "w") as file:
        file.write("\n".join(out + ["</svg>"]) + "\n")


main()
