"""A server that is measured: its queries, the requests made of them, and its processes."""
import json
import os
import random
import re
import tempfile
import urllib.request
import uuid

import answers

# Each request that is sent has another UUID in its place.
UNIQUE = "00000000-0000-4000-8000-000000000000"
TICK = os.sysconf("SC_CLK_TCK")


def load_queries(text):
    """Operations by name. `@raw NAME` sends the name alone; `@@500 ...%d...@@` repeats a part."""
    found = {name: name for name in re.findall(r"(?m)^@raw (\w+)", text)}
    for block in re.split(r"(?m)^(?=(?:query|mutation) \w+)", text):
        named = re.match(r"(?:query|mutation) (\w+)", block)
        if named:
            found[named.group(1)] = expand(re.sub(r"(?m)^\s*(#|@raw).*$", "", block).strip())
    return found


def expand(text):
    """Writes repeated parts out."""
    times = lambda m: " ".join(m.group(2).replace("%d", str(i)) for i in range(int(m.group(1))))
    return re.sub(r"@@(\d+) (.*?)@@", times, text, flags=re.S)


def cost(dice, workload):
    """A cost entry to create, as the harness makes them."""
    return {
        "projectId": dice.randint(1, workload.get("projects", 1000)),
        "entryDate": "2026-%02d-%02d" % (dice.randint(1, 12), dice.randint(1, 28)),
        "category": dice.choice(["Labour", "Licence", "Cloud"]),
        "costType": dice.choice(["CAPEX", "OPEX"]),
        "amount": "%d.%02d" % (dice.randint(10, 50000), dice.randint(0, 99)),
        "currency": "EUR",
        "vendor": "Vendor %d" % dice.randint(0, 249),
        "invoiceNo": "INV-%08d" % dice.randint(0, 9999999),
        "note": "bench",
    }


def as_actual(row):
    """The same as an input of `actualCreate`."""
    return {
        "itemKey": str(row["projectId"]), "occurredOn": row["entryDate"], "calendarKey": "MONTHS",
        "categoryKey": row["category"], "source": "NON_LABOR", "expenditure": row["costType"],
        "amount": {"amount": row["amount"], "currency": row["currency"]}, "vendor": row["vendor"],
        "invoice": row["invoiceNo"], "description": row["note"],
    }


class Target:
    """NAME=URL,QUERIES[,PID]: a server. With a file of headers, the i-th connection sends its i-th line."""

    def __init__(self, spec, workload, headers):
        self.name, rest = spec.split("=", 1)
        self.url, path, *pid = rest.split(",")
        self.pid = int(pid[0]) if pid else None
        self.headers = headers.get(self.name)
        with open(path) as file:
            text = file.read()
        self.queries = load_queries(text)
        self.rules = answers.rules_of(text)
        self.sent = {(query, name): kind for kind, query, name in re.findall(r"(?m)^# @(key|rows) (Q\d+) (\w+)", text)}
        # Words of the harness for ours, where a variable is one of them.
        words = re.findall(r"(?m)^# @word (Q\d+) (\w+) (.*)$", text)
        self.words = {(q, name): {b: a for a, b in (w.split("=") for w in rest.split())} for q, name, rest in words}
        self.workload = workload
        self.extra = workload.get("extra", {}).get(self.name, {})
        self.files = {}

    def variables(self, query, dice):
        """Variables of a request, by the harness's description of them."""
        made = {}
        for name, spec in self.workload["queries"][query].get("vars", {}).items():
            kind = spec[0] if isinstance(spec, list) else None
            if kind == "int":
                value = dice.randint(spec[1], spec[2])
            elif kind == "choice":
                value = dice.choice(spec[1:])
            elif kind == "cost":
                value = {**cost(dice, self.workload), **self.extra}
            elif kind == "costs":
                value = [{**cost(dice, self.workload), **self.extra} for _ in range(spec[1])]
            else:
                value = spec
            if kind == "costs" and "$i0" in self.queries[query]:
                made.update({"i%d" % i: row for i, row in enumerate(value)})
            else:
                made[name] = self.as_sent(query, name, value)
        return made

    def as_sent(self, query, name, value):
        """A variable as this server takes it."""
        how = self.sent.get((query, name))
        if how == "key":
            return str(value)
        if how == "rows":
            return [as_actual(row) for row in value] if isinstance(value, list) else as_actual(value)
        return self.words.get((query, name), {}).get(value, value) if isinstance(value, str) else value

    def body(self, query, dice):
        """The body of a request."""
        variables = self.variables(query, dice)
        if "$unique" in self.queries[query]:
            variables["unique"] = UNIQUE
        return {"query": self.queries[query], "variables": variables}

    def post(self, body):
        """Sends one request."""
        if "unique" in body["variables"]:
            body["variables"]["unique"] = str(uuid.uuid4())
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self.headers:
            with open(self.headers) as file:
                name, value = file.readline().strip().split(":", 1)
            headers[name] = value.strip()
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.loads(reply.read())

    def pages(self, query, most):
        """Walks the cursors once; the requests are then sent again in order."""
        bodies, after = [], self.workload["queries"][query].get("start", {}).get(self.name)
        for _ in range(most):
            body = {"query": self.queries[query], "variables": {"after": after}}
            answer = self.post(body)
            rows = answers.result(query, answer)
            if not rows:
                break
            bodies.append(body)
            after = answers.find(answer, "endCursor")
            after = int(rows[-1]["id"]) if after is None else after
            if len(rows) < 1000:
                break
        return bodies

    def requests(self, query, folder):
        """A file of bodies, one a line."""
        if query not in self.files:
            spec, dice = self.workload["queries"][query], random.Random(7)
            if "pages" in spec:
                bodies = self.pages(query, spec["pages"])
            else:
                bodies = [self.body(query, dice) for _ in range(spec.get("n", 200))]
            self.files[query] = os.path.join(folder, "%s.%s.jsonl" % (self.name, query))
            with open(self.files[query], "w") as file:
                file.write("\n".join(json.dumps(body) for body in bodies) + "\n")
        return self.files[query]

    def answers(self, query):
        """What it says to a few requests of a query."""
        if "pages" in self.workload["queries"][query]:
            said = [answers.result(query, self.post(body)) for body in self.pages(query, 2)]
        else:
            seeds = range(1 if query in ("Q8", "Q9") else 3)
            said = [answers.result(query, self.post(self.body(query, random.Random(seed)))) for seed in seeds]
        return answers.translated(self.rules.get(query, []), said)


def stat(pid):
    """Parent and seconds of CPU of a process, its ended children included."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            field = file.read().rsplit(") ", 1)[1].split()
    except (OSError, IndexError):
        return None
    return int(field[1]), sum(int(field[i]) for i in range(11, 15)) / TICK


def tree(pid):
    """A process and all below it."""
    children = {}
    for name in os.listdir("/proc"):
        known = stat(int(name)) if name.isdigit() else None
        if known:
            children.setdefault(known[0], []).append(int(name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu(pid):
    """Seconds of CPU of a process and all below it."""
    return sum(known[1] for known in map(stat, tree(pid)) if known) if pid else 0.0


def reset_peak(pid):
    """Begins a new peak of memory."""
    for process in tree(pid) if pid else []:
        try:
            with open("/proc/%d/clear_refs" % process, "w") as file:
                file.write("5")
        except OSError:
            pass


def peak(pid):
    """MiB of memory at most since then."""
    sum_of = 0
    for process in tree(pid) if pid else []:
        try:
            with open("/proc/%d/status" % process) as file:
                sum_of += int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
        except (OSError, AttributeError):
            pass
    return round(sum_of / 1024, 1)


def folder():
    """A folder for files of requests."""
    return tempfile.mkdtemp(prefix="gqlbench")
