#!/usr/bin/env python3
"""How the CPU of a request grows with what is stored, where it asks for the same rows.  usage: growth.py FIGURES.json DRAWING.svg

Of a run of growth.sh: servers are called x1, x10 and so on, after how many times the rows of scale s they store."""
import json
import sys

COLORS = ("#1f6f54", "#0b3d2c")
WIDTH, LEFT, ROW, TOP, MOST = 860, 60, 30, 84, 3.0


def place(growth):
    """Where a growth stands."""
    return LEFT + min(growth, MOST) / MOST * (WIDTH - LEFT - 30)


def main():
    with open(sys.argv[1]) as file:
        figures = json.load(file)
    cpu = {(row["query"], int(row["target"][1:])): row["cpu"] for row in figures["results"] if row["target"][:1] == "x" and not row["errors"]}
    queries = sorted({query for query, _ in cpu}, key=lambda query: int(query[1:]))
    times = sorted({times for _, times in cpu})
    bottom = TOP + ROW * len(queries)
    about = figures["about"]
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">' % (WIDTH, bottom + 30),
           '<rect width="%d" height="%d" fill="#ffffff"/>' % (WIDTH, bottom + 30),
           '<text x="20" y="24" font-size="16" font-weight="bold">CPU of a request where more is stored and the same is asked</text>',
           '<text x="20" y="44" fill="#555555">times what it takes with 1,000 projects and 60,000 cost entries; 1 is flat; 16 clients, %s cores, %s</text>'
           % (about["cores"], about["date"])]
    for number, (stored, color) in enumerate(zip(times[1:], COLORS)):
        out.append('<circle cx="%d" cy="58" r="5" fill="%s"/><text x="%d" y="62">%d times the rows</text>' % (26 + number * 150, color, 38 + number * 150, stored))
    for mark in range(int(MOST) + 1):
        out.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/>' % (place(mark), TOP - 14, place(mark), bottom))
        out.append('<text x="%.1f" y="%d" text-anchor="middle" fill="#555555">%d</text>' % (place(mark), bottom + 18, mark))
    print("| query | " + " | ".join("%d times the rows, ms" % stored for stored in times) + " | growth |\n|---" + "|---:" * (len(times) + 1) + "|")
    for number, query in enumerate(queries):
        y = TOP + ROW * number
        out.append('<text x="20" y="%d">%s</text>' % (y + 4, query))
        known = [(stored, cpu[query, stored] / cpu[query, times[0]]) for stored in times if (query, stored) in cpu]
        for (stored, growth), color in zip(known[1:], COLORS):
            out.append('<circle cx="%.1f" cy="%d" r="5" fill="%s"><title>%s, %d times the rows: %.2f</title></circle>' % (place(growth), y, color, query, stored, growth))
        print("| %s | %s | %s |" % (query, " | ".join("%.3f" % cpu.get((query, stored), 0) for stored in times), ", ".join("%.2f" % growth for _, growth in known[1:])))
    with open(sys.argv[2], "w") as file:
        file.write("\n".join(out + ["</svg>"]) + "\n")


main()
