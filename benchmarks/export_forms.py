"""Sizes of the forms of a model, and microseconds a row, side by side: the table of docs/export.md.

    python benchmarks/export_forms.py [--seconds 0.3]

Each form is run on the same rows by what runs it, in turn, and the median of three runs counts. A row alone: from the
cells to the answer of one row after another; of many: a thousand at once, where the form takes many.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

import deltaw
from deltaw.export import consumers
from deltaw.export.operations import titles

RUNS = 3
C = """
#include <stdio.h>
#include <time.h>
#include "{stem}.h"
static const struct {stem}_row rows[] = {{
{rows}
}};
int main(void) {{
  float out[{upper}_OUTPUTS];
  double sum = 0;
  long done = 0, i;
  const clock_t start = clock();
  while (clock() - start < CLOCKS_PER_SEC / 3) {{
    for (i = 0; i < {n}; i++) {stem}_predict(&rows[i], out), sum += (double)out[0];
    done += {n};
  }}
  printf("%g %g\\n", 1e6 * (double)(clock() - start) / CLOCKS_PER_SEC / (double)done, sum);
  return 0;
}}
"""
JAVASCRIPT = """
import { readFileSync } from "node:fs";
const form = await import(process.argv[2]);
const check = JSON.parse(readFileSync(process.argv[3], "utf8"));
const rows = check.rows.map((row) => Object.fromEntries(row.map((cell, i) => [check.columns[i], cell])));
for (const row of rows) form.predict(row);
const start = performance.now();
let done = 0;
while (performance.now() - start < 333) { for (const row of rows) form.predict(row); done += rows.length; }
console.log((1000 * (performance.now() - start)) / done);
"""
PYTHON = """
import json, runpy, sys, time
form, check = runpy.run_path(sys.argv[1]), json.load(open(sys.argv[2]))
rows = [dict(zip(check["columns"], row)) for row in check["rows"]]
start, done = time.perf_counter(), 0
while time.perf_counter() - start < 0.333:
    for row in rows[:50]: form["predict"](row)
    done += 50
print(1e6 * (time.perf_counter() - start) / done)
"""


def timed(call: Callable[[], Any], rows: int, seconds: float) -> float:
    call()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        call()
        done += rows
    return 1e6 * (time.perf_counter() - start) / done


def script(command: list[str], name: str, text: str, form: Path, check: Path) -> float:
    path = form.with_name(name)
    path.write_text(text, encoding="utf-8")
    out = subprocess.run([*command, path, form, check], capture_output=True, text=True, check=True).stdout
    return float(out.split()[0])


def measured(model: deltaw.Model, seconds: float) -> list[tuple[str, int, float | None, float | None]]:
    """(form, bytes, µs of a row alone, µs of one among a thousand)."""
    import duckdb
    import onnxruntime

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for ending in ("py", "mjs", "c", "onnx", "sql"):
            done = model.export(folder / f"m.{ending}")
            print(f"  {done.checked}")
        model.save(folder / "m.deltaw")
        check = json.loads((folder / "m.check.json").read_text(encoding="utf-8"))
        frame = pl.DataFrame(
            [
                pl.Series(name, cells, pl.String if kind == "word" else pl.Float64)
                for name, kind, cells in zip(
                    check["columns"], check["kinds"], zip(*check["rows"], strict=True), strict=True
                )
            ]
        )
        frame = frame.with_columns(
            (pl.col(c) * 86_400e6).cast(pl.Int64).cast(pl.Datetime("us"))
            for c, kind in zip(check["columns"], check["kinds"], strict=True)
            if kind == "date"
        )
        session = onnxruntime.InferenceSession(folder / "m.onnx", providers=["CPUExecutionProvider"])
        kinds, fed = dict(zip(check["columns"], check["kinds"], strict=True)), {}
        for title, names in titles(check["columns"], check["blocks"]).items():
            word = kinds[names[0]] == "word"
            cells = frame[list(names)].cast(pl.String if word else pl.Float64) if kinds[names[0]] != "date" else (
                frame[list(names)].cast(pl.Int64).cast(pl.Float64) / 86_400e6
            )  # fmt: skip
            fed[title] = cells.fill_null("" if word else float("nan")).to_numpy().astype(object if word else np.float64)
        first = {title: cells[:1].copy() for title, cells in fed.items()}
        database, n = duckdb.connect(), len(frame)
        for statement in consumers.table_of(proof_for_sql := check | {"table": "data"}):
            database.execute(statement)
        query = consumers.answers_of(folder / "m.sql", proof_for_sql)
        one, X = frame[:1], model.preparation.transform(frame)
        predictors = [deltaw.Predictor(network, threads=1) for network in model.members]
        ways: dict[str, tuple[str, Callable[[], float] | None, Callable[[], float] | None]] = {
            "DeltaW, `model.predict` of a data frame": (
                "m.deltaw",
                lambda: timed(lambda: model.predict(one), 1, seconds),
                lambda: timed(lambda: model.predict(frame), n, seconds),
            ),
            "DeltaW, `Predictor` of prepared rows": (
                "m.deltaw",
                lambda: timed(lambda: [each(X[:1]) for each in predictors], 1, seconds),
                lambda: timed(lambda: [each(X) for each in predictors], n, seconds),
            ),
            "ONNX Runtime": (
                "m.onnx",
                lambda: timed(lambda: session.run(None, first), 1, seconds),
                lambda: timed(lambda: session.run(None, fed), n, seconds),
            ),
            "C, `-O2`": (
                "m.c",
                lambda: float(
                    consumers.run_c(folder / "m.c", consumers.c_main(folder / "m.c", check, C), ["-O2"]).split()[0]
                ),
                None,
            ),
            "JavaScript, node": (
                "m.mjs", lambda: script(["node"], "b.mjs", JAVASCRIPT, folder / "m.mjs", folder / "m.check.json"), None,
            ),
            "Python": (
                "m.py", lambda: script(["python3", "-S"], "b.py", PYTHON, folder / "m.py", folder / "m.check.json"),
                None,
            ),
            "SQL, DuckDB": (
                "m.sql", None, lambda: timed(lambda: database.execute(query).fetchall(), n, seconds),
            ),
        }  # fmt: skip
        found: dict[str, list[list[float]]] = {way: [[], []] for way in ways}
        for _ in range(RUNS):
            for way, (_, *calls) in ways.items():
                for place, call in zip(found[way], calls, strict=True):
                    if call is not None:
                        place.append(call())
        return [
            (way, (folder / ways[way][0]).stat().st_size, *(median(each) if each else None for each in found[way]))
            for way in ways
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.3)
    seconds = parser.parse_args().seconds
    for name in ("breast_cancer", "digits"):
        print(f"\n{name}")
        model = deltaw.fit(name, epochs=3, seed=0)
        rows = measured(model, seconds)
        print(f"\n{name}: {len(model.members)} × {model.network.summary()}\n")
        print("| form | kB | µs a row, alone | µs a row, of many |\n|---|---:|---:|---:|")
        for way, size, alone, many in rows:
            cells = ("—" if each is None else f"{each:.3g}" for each in (alone, many))
            print(f"| {way} | {size / 1000:,.0f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
