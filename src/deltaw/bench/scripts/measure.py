"""Microseconds a row of an exported file of Python: measure.py FORM CHECK SECONDS."""

# mypy: ignore-errors
# ruff: noqa
# fmt: off
import json, runpy, sys, time
form, check = runpy.run_path(sys.argv[1]), json.load(open(sys.argv[2]))
rows = [dict(zip(check["columns"], row)) for row in check["rows"]]
start, done = time.perf_counter(), 0
while time.perf_counter() - start < float(sys.argv[3]):
    for row in rows[:50]: form["predict"](row)
    done += 50
print(1e6 * (time.perf_counter() - start) / done)
