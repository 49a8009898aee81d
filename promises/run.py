"""Asks again what README and docs promise, and says what falls short.

    make promises                      all of them; builds the release first
    make promises ONLY="load-100 ready" these measurements, or single promises by name
    make promises QUICK=1              without those that take minutes
    python3 promises/run.py --list     what is promised, where, and its last value

promises.toml says how each is measured. Every value is appended to history.tsv with date, commit and the load of the machine before
the measurement. A promise falls short where its value is worse than its bound; times and memory may be worse by `within`, since two
runs on one machine differ by so much. The words quoted in promises.toml must still stand in the document.

Ends with 0 if everything asked holds, 1 if something falls short, 2 if something could not be measured.
"""

import argparse
import csv
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
HISTORY = ROOT / "promises/history.tsv"
COLUMNS = ["date", "commit", "promise", "value", "unit", "bound", "holds", "load", "note"]
SHOWN = 5  # values of the history beside each promise


class Unmeasured(Exception):
    """A promise that could not be asked, and why."""


def plain(text):
    return " ".join(text.split())


def check(measurements):
    """What is wrong with promises.toml itself: names that occur twice, words that no document says any more."""
    names, wrong = set(), []
    documents = {}
    for measurement in measurements:
        for promise in measurement["promise"]:
            name, where = promise["name"], promise["where"]
            if name in names:
                wrong.append(f"{name} occurs twice")
            names.add(name)
            if ("most" in promise) == ("least" in promise):
                wrong.append(f"{name}: give one of `most` and `least`")
            text = documents.setdefault(where, plain((ROOT / where).read_text()))
            if plain(promise["says"]) not in text:
                wrong.append(f"{name}: {where} does not say {promise['says']!r} any more")
    return wrong


def run(measurement, data):
    """Standard output of a measurement's command."""
    wanted = [data / one for one in measurement.get("data", [])]
    for path in wanted:
        if not path.exists():
            raise Unmeasured(f"{path} is not there; DATA names the folder with recordings")
    command = measurement["command"].replace("$DATA", str(data))
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # `load` and `eval` end with 1 where something was lost: that is a value, not a failure to measure.
    if not ended.stdout.strip():
        raise Unmeasured(f"{command} said nothing (status {ended.returncode}): {ended.stderr.strip()[-300:]}")
    return ended.stdout


def at(value, path):
    """What lies at `a.b[2].c` or `rows[name=x].c` of a JSON value."""
    for key, place in re.findall(r"([^.\[\]]+)|\[([^\]]+)\]", path):
        if key:
            value = value[key]
        elif "=" in place:
            name, wanted = place.split("=", 1)
            value = next(one for one in value if str(one[name]) == wanted)
        else:
            value = value[int(place)]
    return value


def value(promise, said):
    """The promise's value in what its command said."""
    try:
        if "regex" in promise:
            return float(re.search(promise["regex"], said, re.DOTALL).group(1))
        found = json.loads(said)
        number = at(found, promise["read"])
        if number is None:
            raise Unmeasured(f"{promise['read']} is null")
        per = at(found, promise["per"]) if "per" in promise else 1
        return float(number) / per * promise.get("times", 1)
    except (AttributeError, KeyError, IndexError, StopIteration, TypeError, ValueError, ZeroDivisionError) as error:
        raise Unmeasured(f"not found in what the command said: {error!r}") from error


def bound(promise):
    return f"at most {promise['most']:g}" if "most" in promise else f"at least {promise['least']:g}"


def holds(promise, found):
    slack = promise.get("within", 0)
    return found <= promise["most"] * (1 + slack) if "most" in promise else found >= promise["least"] * (1 - slack)


def history():
    if not HISTORY.exists():
        return []
    with HISTORY.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def remember(rows):
    is_new = not HISTORY.exists()
    with HISTORY.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(rows)


def commit():
    said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return said.stdout.strip() or "unknown"


def print_promise(promise, now, past):
    mark = "  "
    if now is not None:
        mark = "ok" if holds(promise, now) else "!!"
    before = ", ".join(f"{row['value']} ({row['date'][:10]} {row['commit'][:9]})" for row in past[-SHOWN:])
    found = "" if now is None else f"{now:.4g} {promise['unit']}, "
    print(f"{mark} {promise['name']:<26} {found}promised {bound(promise)} {promise['unit']} ({promise['where']})")
    if before:
        print(f"     before: {before}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="measurements or promises; all if none is named")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "../shared/data")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--note", default="", help="kept in the history beside each value")
    parser.add_argument("--list", action="store_true", help="measure nothing")
    parser.add_argument("--check", action="store_true", help="only see whether the documents still say what is quoted")
    a = parser.parse_args()
    measurements = tomllib.loads((ROOT / "promises/promises.toml").read_text())["measure"]
    if wrong := check(measurements):
        sys.exit("promises.toml: " + "\n  ".join(wrong))
    if a.check:
        return 0
    known = {m["name"] for m in measurements} | {p["name"] for m in measurements for p in m["promise"]}
    if unknown := set(a.names) - known:
        sys.exit(f"nothing is called {', '.join(sorted(unknown))}; --list shows every name")
    past, short, unmeasured, asked = {}, [], [], 0
    for row in history():
        past.setdefault(row["promise"], []).append(row)
    for measurement in measurements:
        wanted = [p for p in measurement["promise"] if not a.names or {measurement["name"], p["name"]} & set(a.names)]
        if not wanted:
            continue
        if a.list or (a.quick and measurement.get("slow")):
            print(f"\n{measurement['name']}: {measurement['command']}" + ("" if a.list else "\n   left out: slow"))
            for promise in wanted if a.list else []:
                print_promise(promise, None, past.get(promise["name"], []))
            continue
        print(f"\n{measurement['name']}: {measurement['command']}", flush=True)
        load, rows = os.getloadavg()[0], []
        try:
            said = run(measurement, a.data)
        except Unmeasured as why:
            print(f"   not measured: {why}")
            unmeasured.append(measurement["name"])
            continue
        for promise in wanted:
            try:
                found = value(promise, said)
            except Unmeasured as why:
                print(f"   {promise['name']} not measured: {why}")
                unmeasured.append(promise["name"])
                continue
            asked += 1
            print_promise(promise, found, past.get(promise["name"], []))
            if not holds(promise, found):
                short.append((promise, found))
            now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%MZ")
            row = dict(date=now, commit=commit(), promise=promise["name"], value=f"{found:.6g}", unit=promise["unit"])
            row |= dict(bound=bound(promise), holds="yes" if holds(promise, found) else "no", load=f"{load:.1f}", note=a.note)
            rows.append(row)
        remember(rows)
    if a.list:
        return 0
    print(f"\n{asked} promises asked, {len(short)} fall short" + (f", not measured: {', '.join(unmeasured)}" if unmeasured else ""))
    for promise, found in short:
        print(f"  {promise['name']}: {found:.4g} {promise['unit']}, promised {bound(promise)} in {promise['where']}: {plain(promise['says'])!r}")
    return 1 if short else 2 if unmeasured else 0


if __name__ == "__main__":
    sys.exit(main())
