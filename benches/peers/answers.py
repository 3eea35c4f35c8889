"""What an answer says, whatever the dialect it came in: two servers agree where the canonical forms are equal.

Numbers are numbers whether sent as text or not, wrappers of lists and of money are taken off, and the rules of a query
file (`# @...`, see foliograph.graphql) say what else differs."""
import datetime
import re

NUMBER = re.compile(r"^-?\d+(\.\d+)?([eE][-+]?\d+)?$")
INSTANT = re.compile(r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(\.0+)?(Z| ?\+00:00| UTC)$")
LISTS = ("nodes", "groupedAggregates", "records", "groups", "results")
ALONE = ({"key"}, {"amount"}, {"costEntry"}, {"node"})


class Refused(Exception):
    """A server answered, and the answer says that it did not do it."""


def canon(value):
    """The canonical form of a part of an answer."""
    if isinstance(value, dict):
        return canon_object(value)
    if isinstance(value, list):
        items = [canon(item) for item in value]
        if items and isinstance(items[0], dict) and "month" in items[0]:
            items.sort(key=lambda row: (row.get("resourceId", 0), row["month"]))
        return items
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return round(float(value), 6)
    if NUMBER.match(value):
        return round(float(value), 6)
    instant = INSTANT.match(value)
    return instant.group(1).replace(" ", "T") + "Z" if instant else value


def canon_object(value):
    """An object, or what is in its wrapper."""
    names = set(value) - {"pageInfo"}
    if value.get("userErrors"):
        raise Refused(str(value["userErrors"])[:300])
    names -= {"userErrors"}
    for wrapper in LISTS:
        if names == {wrapper}:
            return canon(value[wrapper])
    if names == {"edges"}:
        return [canon(edge["node"]) for edge in value["edges"]]
    if names in ALONE or names == {"actual"}:
        return canon(value[next(iter(names))])
    if names == {"keys", "sum"}:
        keys = value["keys"]
        row = {"month": keys[-1][:10]}
        if len(keys) == 2:
            row["resourceId"] = float(keys[0])
        return {**row, **{name: canon(part) for name, part in value["sum"].items()}}
    if names == {"key", "sum"}:
        # A sum of money is a list of one, since all is in one currency.
        sums = {name: canon(part[0] if isinstance(part, list) else part) for name, part in value["sum"].items()}
        return {**canon(value["key"]), **sums}
    return {name: canon(value[name]) for name in value if name in names}


def result(query, answer):
    """What a query's answer says; an exception where it failed."""
    if answer.get("errors"):
        raise Refused(str(answer["errors"])[:600])
    data = answer["data"]
    if query == "Q9":  # one list, or 500 fields of one row each
        rows = canon(data)
        rows = rows["created"] if "created" in rows else list(rows.values())
        return {"rows": len(rows), "ids": len({id_of(row) for row in rows})}
    value = canon(data[next(iter(data))])
    if query == "Q8":
        return {"has_id": bool(id_of(value[0] if isinstance(value, list) else value))}
    if isinstance(value, list) and query in ("Q1", "Q4"):
        return value[0]  # a filtered list of one
    return value


def id_of(row):
    """The id of a created row."""
    return row["id"] if isinstance(row, dict) else row


def rules_of(text):
    """The rules of a query file, by query: lists of (rule, field, words)."""
    rules = {}
    for rule, query, field, rest in re.findall(r"(?m)^# @(word|scale|days|same|constant) (Q\d+) (\w+) (.*)$", text):
        rules.setdefault(query, []).append((rule, field, rest.split()))
    return rules


def translated(rules, ours):
    """Our answer in the words and units of the harness."""
    for rule, field, words in rules:
        if rule == "word":
            table = dict(word.split("=") for word in words)
            ours = change(ours, field, lambda row, x: table.get(x, x))
        elif rule == "scale":
            ours = change(ours, field, lambda row, x: round(x * float(words[0]), 6))
        elif rule == "days":
            ours = change(ours, field, lambda row, x: round(days(x) * float(words[0]), 6))
    return ours


def expected(rules, theirs):
    """The floor's answer with what stands in columns that we lack."""
    for rule, field, words in rules:
        if rule == "same":
            theirs = change(theirs, field, lambda row, x: row[words[0]])
        elif rule == "constant":
            theirs = change(theirs, field, lambda row, x: words[0])
    return theirs


def change(value, field, new):
    """A copy in which a field of every object is another."""
    if isinstance(value, list):
        return [change(item, field, new) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: change(part, field, new) for name, part in value.items()}
    if field in copy:
        copy[field] = new(value, value[field])
    return copy


def days(date):
    """Days since 2000-01-01."""
    return (datetime.date.fromisoformat(date) - datetime.date(2000, 1, 1)).days


def difference(a, b, at=""):
    """Where two canonical forms differ, or None."""
    if type(a) is not type(b):
        return "%s: %r, not %r" % (at, str(b)[:80], str(a)[:80])
    if isinstance(a, dict):
        if set(a) != set(b):
            return "%s: fields %s" % (at, set(a) ^ set(b))
        pairs = [(a[name], b[name], "%s.%s" % (at, name)) for name in a]
    elif isinstance(a, list):
        if len(a) != len(b):
            return "%s: %d items, not %d" % (at, len(b), len(a))
        pairs = [(x, y, "%s[%d]" % (at, i)) for i, (x, y) in enumerate(zip(a, b))]
    else:
        return None if a == b else "%s: %r, not %r" % (at, b, a)
    return next((found for pair in pairs if (found := difference(*pair))), None)


def find(value, name):
    """The first value with a name, at any depth."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        value = list(value.values())
    if not isinstance(value, list):
        return None
    return next((found for part in value if (found := find(part, name)) is not None), None)
