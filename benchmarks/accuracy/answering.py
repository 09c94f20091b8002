"""Answers that are made on another machine, one with a GPU for instance, which needs pytabkit there and no DeltaW.

    python -m benchmarks.accuracy.answering FOLDER --to ANSWERS.npz [--device cuda] [--workers 14] [--limit 300]
    python -m benchmarks.accuracy.answering FOLDER --to ANSWERS.npz --only hpc_data.0 wine

FOLDER is what `python -m benchmarks.accuracy.elsewhere write` made, ANSWERS.npz is what its `score` reads. Each process
has one thread and takes one fold of a table after the other, those of the most bytes first, or in the order of --only.
Whatever is answered is in the file at once, and is not asked again; no fold begins after --limit seconds, and those
that run five seconds later are given up. A line for each says how long it took and, of one that failed, why; the exit
status is 1 where one is not answered.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
import traceback
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import commands

Array = Any
Answers = dict[str, Array]  # "values", or "probabilities" and the "classes" that have a column each

HOW = "how.json"  # the file that says whom to ask, and of which folds
ANSWER = "\0answer"  # a column's name that no table has
GRACE = 5.0  # seconds after the limit


def estimator(kind: str, task: str, seed: int, device: str) -> Any:
    """One of pytabkit's, with its default settings, on one thread."""
    import pytabkit

    return getattr(pytabkit, f"{kind}_{task}")(device=device, n_threads=1, random_state=seed)


def files(folder: Path, name: str) -> tuple[Path, Path]:
    """Of the rows of a fold that are learnt from, with ANSWER, and of those that are asked."""
    return folder / f"{name}.learnt.parquet", folder / f"{name}.asked.parquet"


def names(folder: Path, only: list[str] | None) -> list[str]:
    """TABLE.FOLD of all that there are, the largest first, or of those that are asked for; else the program ends."""
    ending = ".learnt.parquet"
    found = sorted(folder.glob(f"*{ending}"), key=lambda file: (-file.stat().st_size, file.name))
    there = [file.name.removesuffix(ending) for file in found]
    if only is None:
        return there
    chosen = {wanted: [name for name in there if wanted in (name, name.rpartition(".")[0])] for wanted in only}
    if missing := [wanted for wanted, folds in chosen.items() if not folds]:
        raise SystemExit(f"--only: expected some of {', '.join(sorted(there))}, found {', '.join(missing)}")
    return list(dict.fromkeys(name for folds in chosen.values() for name in folds))


def answers(folder: Path, name: str, device: str) -> Answers:
    """Of a new estimator that has learnt the one part of a fold, for the other."""
    import pandas as pd

    how = json.loads((folder / HOW).read_text("utf-8"))
    X, Xt = (pd.read_parquet(file) for file in files(folder, name))
    y = X.pop(ANSWER).to_numpy()
    task = "Regressor" if y.dtype.kind == "f" else "Classifier"
    categories = list(X.select_dtypes("category").columns)
    model = estimator(how["kind"], task, how["seed"], device).fit(X, y, cat_col_names=categories)
    if task == "Regressor":
        return {"values": np.ravel(model.predict(Xt))}
    return {"probabilities": np.asarray(model.predict_proba(Xt)), "classes": np.asarray(model.classes_)}


def job(name: str, folder: Path, device: str, until: float) -> tuple[str, Answers, str]:
    """What a process does: the name, its answers, none where it failed or was too late, and what is said of it."""
    started = time.time()
    if started > until:
        return name, {}, "not begun"
    try:
        found = answers(folder, name, device)
    except Exception:  # the others go on
        return name, {}, traceback.format_exc()
    return name, found, f"{time.time() - started:.1f} s"


def read(file: Path) -> dict[str, Array]:
    """All that stands in a file of answers, by TABLE.FOLD.WHAT and HOW; nothing where there is none."""
    if not file.exists():
        return {}
    with np.load(file) as kept:
        return dict(kept)


def write(file: Path, all_: dict[str, Array]) -> None:
    """At once: whoever ends this finds the file as it was, or as it is to be."""
    partly = file.with_suffix(".part")
    with partly.open("wb") as f:
        np.savez_compressed(f, **all_)
    partly.replace(file)


def main() -> None:
    """Ask, and keep what is answered."""
    parser = commands.parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, required=True, metavar="ANSWERS", help="the file, which may have some")
    parser.add_argument("--device", default="cuda", help="as PyTorch names it")
    parser.add_argument("--workers", type=int, default=14, help="processes")
    parser.add_argument("--limit", type=float, default=inf, help="seconds after which none begins")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="tables, or TABLE.FOLD, in this order")
    options = parser.parse_args()
    started, until = time.time(), time.time() + options.limit
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come

    kept = read(options.to) | {HOW: np.array((options.folder / HOW).read_text("utf-8"))}
    done = {name.rpartition(".")[0] for name in kept}
    wanted = [name for name in names(options.folder, options.only) if name not in done]
    do = partial(job, folder=options.folder, device=options.device, until=until)
    answered = 0
    with multiprocessing.get_context("spawn").Pool(min(options.workers, len(wanted) or 1)) as pool:
        coming = pool.imap_unordered(do, wanted)
        for _ in wanted:
            left = None if until == inf else max(until + GRACE - time.time(), 0.0)
            try:
                name, found, said = coming.next(left)
            except multiprocessing.TimeoutError:
                print("the limit: what runs is given up", flush=True)
                break
            if found:
                answered += 1
                kept |= {f"{name}.{what}": values for what, values in found.items()}
                write(options.to, kept)
            print(f"{time.time() - started:6.1f} s  {name}: {said}", flush=True)
    print(f"{answered} of {len(wanted)} answered, {time.time() - started:.0f} s", flush=True)
    raise SystemExit(answered < len(wanted))


if __name__ == "__main__":
    main()
