#!/usr/bin/env python3
"""Tables and a drawing of figures that bench.py took.  usage: report.py FIGURES.json [DRAWING.svg]"""
import json
import math
import sys

# Most CPU of a request that we allow ourselves, as a ratio to the floor beside it.
ALLOWED = {"Q1": 1.5, "Q2": 1.3, "Q3": 1.3, "Q4": 1.0, "Q5": 1.25, "Q6": 1.2, "Q7": 1.2, "Q8": 1.7, "Q9": 1.5, "Q10": 1.3}
WHAT = {
    "Q1": "one project, 15 scalars", "Q2": "20 portfolios, KPIs, top 5", "Q3": "100 projects, 2 relations",
    "Q4": "4 levels", "Q5": "1,000 projects x 20", "Q6": "cost entries by cursor", "Q7": "sums of one portfolio",
    "Q8": "create one", "Q9": "create 500", "Q10": "sums of 300 resources",
}
OURS, SQLITE = "foliograph", "foliograph-sqlite"
# SQLite may take so many times what PostgreSQL takes.
SQLITE_ALLOWED = 3.0
MEMORY = 100
COLORS = {"foliograph": "#1f6f54", "foliograph-sqlite": "#7fbf9f", "floor": "#999999", "floor-rows": "#444444", "floor-full": "#444444",
          "postgraphile": "#c46210", "yoga": "#8a4fa3", "prisma": "#2f6db3", "seaography": "#b03a48"}


def base_of(query):
    """The floor that a query is compared with."""
    return "floor-full" if query in ("Q8", "Q9") else "floor-rows"


class Figures:
    """Figures by query, clients and target."""

    def __init__(self, path):
        with open(path) as file:
            read = json.load(file)
        self.about, self.not_equal = read["about"], read["not_equal"]
        self.cells = {(row["query"], row["concurrency"], row["target"]): row for row in read["results"]}
        self.targets = list(dict.fromkeys(row["target"] for row in read["results"]))
        self.queries = sorted({row["query"] for row in read["results"]}, key=lambda query: int(query[1:]))
        self.clients = sorted({row["concurrency"] for row in read["results"]})

    def cpu(self, query, clients, target):
        """Milliseconds of CPU a request, or None."""
        row = self.cells.get((query, clients, target))
        return row["cpu"] if row and row["rps"] and not row["errors"] else None

    def ratio(self, query, clients, target, base=None):
        """To the floor, or None."""
        own, floor = self.cpu(query, clients, target), self.cpu(query, clients, base or base_of(query))
        return own / floor if own is not None and floor else None


def short(number, unit=""):
    """Three digits, or a dash."""
    if number is None:
        return "–"
    return ("%.0f" if number >= 100 else "%.1f" if number >= 10 else "%.2f" if number >= 0.1 else "%.3f") % number + unit


def table(figures):
    """CPU of a request in every cell, and whether we keep what we allow ourselves."""
    names = figures.targets
    print("\nCPU of a request in ms, server and PostgreSQL, and its ratio to floor-rows (Q8, Q9: to floor-full)\n")
    print("| query | clients | %s | allowed | kept |" % " | ".join(names))
    print("|---|---:|%s---:|---|" % ("---:|" * len(names)))
    for query in figures.queries:
        for clients in figures.clients:
            shown = []
            for name in names:
                ratio = figures.ratio(query, clients, name)
                cpu = figures.cpu(query, clients, name)
                shown.append(short(cpu) + (" (%s)" % short(ratio) if ratio is not None and name != base_of(query) else ""))
            ours = figures.ratio(query, clients, OURS)
            kept = "–" if ours is None else "yes" if ours <= ALLOWED[query] else "**no**"
            print("| %s | %d | %s | %s | %s |" % (query, clients, " | ".join(shown), short(ALLOWED[query]), kept))


def beside(figures):
    """What else is promised: memory, peers, SQLite, and what goes on behind writes."""
    peaks = [(figures.cells[cell]["peak_mib"], cell) for cell in figures.cells if cell[2] == OURS]
    for clients in figures.clients:
        most = max((peak for peak, cell in peaks if cell[1] == clients), default=None)
        print("Peak memory of our server with %d clients: %s MiB%s" % (
            clients, short(most), " (allowed: under %d)" % MEMORY if clients == 16 else ""))
    for query in figures.queries:
        for clients in figures.clients:
            beside_one(figures, query, clients)


def beside_one(figures, query, clients):
    """The same for one cell."""
    ours = figures.cpu(query, clients, OURS)
    if ours is None:
        return
    at = "%s with %d clients" % (query, clients)
    for name in figures.targets:
        cpu = figures.cpu(query, clients, name)
        if cpu is not None and not name.startswith(("floor", OURS)) and cpu < ours:
            print("AHEAD of us in %s: %s (%s ms to %s ms)" % (at, name, short(cpu), short(ours)))
    behind = figures.cells[query, clients, OURS]["behind_cpu"]
    sqlite = figures.cpu(query, clients, SQLITE)
    if sqlite is not None:
        # On SQLite deriving waits for nobody: it counts on both sides.
        sqlite += figures.cells[query, clients, SQLITE]["behind_cpu"]
        ratio = sqlite / (ours + behind)
        print("SQLite to PostgreSQL in %s%s: %s%s" % (
            at, ", with deriving" if behind else "", short(ratio), "" if ratio <= SQLITE_ALLOWED else " (allowed: %s)" % short(SQLITE_ALLOWED)))
    if query in ("Q8", "Q9"):
        plain = figures.ratio(query, clients, OURS, "floor")
        print("%s: %s times the plain floor; deriving KPIs takes %s ms of CPU a request, after the last answer" % (at, short(plain), short(behind)))


WIDTH, LEFT, ROW, TOP, LEAST, MOST = 960, 230, 34, 84, 0.5, 64


def place(ratio):
    """Where a ratio stands."""
    share = (math.log(min(max(ratio, LEAST), MOST)) - math.log(LEAST)) / (math.log(MOST) - math.log(LEAST))
    return LEFT + share * (WIDTH - LEFT - 30)


def text(x, y, words, more=""):
    """A line of text."""
    return '<text x="%.1f" y="%.1f" %s>%s</text>' % (x, y, more, words)


def drawing(figures, clients):
    """Ratios per query on a logarithmic scale, with what we allow ourselves."""
    height = TOP + ROW * len(figures.queries) + 40
    about = figures.about
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">' % (WIDTH, height),
           '<rect width="%d" height="%d" fill="#ffffff"/>' % (WIDTH, height),
           text(20, 24, "CPU of a request beside peers, as a ratio to a floor written by hand", 'font-size="16" font-weight="bold"'),
           text(20, 44, "scale %s, %d clients, %s cores, %s; left is better, the bar is what we allow ourselves" % (
               about.get("scale", "?").upper(), clients, about["cores"], about["date"]), 'fill="#555555"')]
    out += legend(figures)
    for mark in (0.5, 1, 2, 4, 8, 16, 32, 64):
        x, bottom = place(mark), TOP + ROW * len(figures.queries)
        out.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>' % (x, TOP, x, bottom, "#888888" if mark == 1 else "#e2e2e2"))
        out.append(text(x, bottom + 18, "%g" % mark, 'text-anchor="middle" fill="#555555"'))
    for number, query in enumerate(figures.queries):
        out += row(figures, query, clients, TOP + ROW * number + ROW / 2)
    return "\n".join(out + ["</svg>"]) + "\n"


def legend(figures):
    """Which color is whose."""
    out, x = [], LEFT
    for name in (name for name in figures.targets if not name.startswith("floor")):
        out.append('<circle cx="%d" cy="66" r="5" fill="%s"/>' % (x, COLORS.get(name, "#000000")))
        out.append(text(x + 9, 70, name))
        x += 22 + 8 * len(name)
    return out


def row(figures, query, clients, y):
    """A query's dots."""
    out = [text(20, y + 4, "%s  %s" % (query, WHAT[query]))]
    left, right = place(LEAST), place(ALLOWED[query])
    out.append('<rect x="%.1f" y="%.1f" width="%.1f" height="12" fill="#dcefe6"/>' % (left, y - 6, right - left))
    for name in (name for name in figures.targets if not name.startswith("floor")):
        ratio = figures.ratio(query, clients, name)
        if ratio is not None:
            size = 6 if name == OURS else 4.5
            out.append('<circle cx="%.1f" cy="%.1f" r="%s" fill="%s"><title>%s %s: %s</title></circle>' % (
                place(ratio), y, size, COLORS.get(name, "#000000"), query, name, short(ratio)))
    return out


def main():
    figures = Figures(sys.argv[1])
    print("%s cores, %s, scale %s, %s rounds of %s s" % tuple(
        figures.about.get(name, "?") for name in ("cores", "date", "scale", "rounds", "seconds")))
    for wrong in figures.not_equal:
        print("NOT EQUAL, so not measured: %(target)s %(query)s %(why)s" % wrong)
    for row in figures.cells.values():
        if row["errors"]:
            print("ERRORS, so not shown: %(target)s %(query)s with %(concurrency)d clients, %(errors)d of them: %(error)s" % row)
    table(figures)
    print()
    beside(figures)
    if len(sys.argv) > 2:
        clients = 16 if 16 in figures.clients else figures.clients[-1]
        with open(sys.argv[2], "w") as file:
            file.write(drawing(figures, clients))


main()
