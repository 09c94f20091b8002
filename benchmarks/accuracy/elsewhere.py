"""Rivals that take too long here are asked on another machine: what they are given is written, their answers scored.

    python -m benchmarks.accuracy.elsewhere write FOLDER [--who TabM] [--tables wine …] [--folds 3] [--rows 10000]
    python -m benchmarks.accuracy.answering FOLDER --to ANSWERS.npz          there, without DeltaW
    python -m benchmarks.accuracy.elsewhere score ANSWERS.npz --file FILE
    python -m benchmarks.accuracy.beside_others --folds 3 --file FILE …

`write` keeps what the rival's own preparation makes of each fold, `score` adds a line for each that is answered to the
runs of `benchmarks.accuracy.beside_others`, but for those that stand there. Such lines have no seconds: another machine
says nothing of the time that it takes here, so no time is told of a rival that has one of them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import commands, kept
from benchmarks.accuracy.answering import ANSWER, HOW, Answers, files, read
from benchmarks.accuracy.rivals import OF_PYTABKIT, Rival, networks_of_pytabkit
from benchmarks.accuracy.scoring import Line, scored
from benchmarks.tables.divided import SEED, TABLES, known, load

FOLDS, MOST_ROWS = 3, 10_000


@dataclass
class Writer:
    """In an estimator's place: it keeps in files what it is given, and answers 0."""

    folder: Path
    name: str

    def fit(self, X: Any, y: Any, cat_col_names: list[str]) -> Writer:
        self.classes_ = np.unique(y)
        X.assign(**{ANSWER: y}).to_parquet(files(self.folder, self.name)[0], compression="zstd")
        return self

    def predict(self, Xt: Any) -> Any:
        Xt.to_parquet(files(self.folder, self.name)[1], compression="zstd")
        return np.zeros(len(Xt))

    def predict_proba(self, Xt: Any) -> Any:
        return np.outer(self.predict(Xt), self.classes_)


@dataclass
class Reader:
    """In an estimator's place: it has the answers already."""

    answers: Answers

    def fit(self, X: Any, y: Any, cat_col_names: list[str]) -> Reader:
        self.classes_ = self.answers.get("classes")
        return self

    def predict(self, Xt: Any) -> Any:
        return self._of(Xt, "values")

    def predict_proba(self, Xt: Any) -> Any:
        return self._of(Xt, "probabilities")

    def _of(self, Xt: Any, what: str) -> Any:
        found = self.answers[what]
        if len(found) != len(Xt):
            raise SystemExit(f"expected answers for {len(Xt):,} rows, found {len(found):,}; write the folder anew")
        return found


def instead(one: Writer | Reader) -> Rival:
    """The rival's own preparation, and `one` that gets what it makes."""
    return networks_of_pytabkit(lambda task: one)


def written(folder: Path, who: str, tables: list[str], folds: int, rows: int) -> None:
    """What `who` is given of each fold, and HOW."""
    folder.mkdir(parents=True, exist_ok=True)
    how = {"who": who, "kind": OF_PYTABKIT[who], "seed": SEED, "folds": folds, "rows": rows}
    (folder / HOW).write_text(json.dumps(how) + "\n", "utf-8")
    for table in tables:
        data = load(table, folds, rows)
        for fold in range(folds):
            instead(Writer(folder, f"{table}.{fold}"))(data, *data.parts(fold))
        print(f"{table}: {folds} folds", file=sys.stderr)


def lines(all_: dict[str, Any], there: list[Line]) -> list[Line]:
    """The runs of what is answered, but for those that are known."""
    how = json.loads(str(all_[HOW]))
    done = {(line["table"], line["fold"]) for line in there if line["who"] == how["who"]}
    by_run: dict[str, dict[int, Answers]] = {}
    for key in all_.keys() - {HOW}:
        table, fold, what = key.rsplit(".", 2)
        if (table, int(fold)) not in done:
            by_run.setdefault(table, {}).setdefault(int(fold), {})[what] = all_[key]
    new = []
    for table, runs in sorted(by_run.items()):
        data = load(table, how["folds"], how["rows"])
        for number, answers in sorted(runs.items()):
            train, test = data.parts(number)
            about = {"table": table, "rows": len(data.table.frame), "fold": number, "who": how["who"]}
            found = scored(data, instead(Reader(answers))(data, train, test), train, test)
            new.append(about | {"times": None, "seconds": None} | found)
    return new


def main() -> None:
    """Write, or score."""
    parser = commands.parser(__doc__)
    two = parser.add_subparsers(dest="what", required=True)
    write = two.add_parser("write", help="what a rival is given of each fold")
    write.add_argument("folder", type=Path)
    write.add_argument("--who", default="TabM", choices=list(OF_PYTABKIT))
    write.add_argument("--tables", nargs="+", metavar="NAME")
    write.add_argument("--folds", type=int, default=FOLDS)
    write.add_argument("--rows", type=int, default=MOST_ROWS, help="of a larger table so many at random")
    score = two.add_parser("score", help="what it answered")
    score.add_argument("answers", type=Path)
    score.add_argument("--file", type=Path, required=True, help="where runs are kept, a line each")
    options = parser.parse_args()
    if options.what == "write":
        written(options.folder, options.who, known(options.tables, TABLES), options.folds, options.rows)
        return
    all_ = read(options.answers)
    if HOW not in all_:
        raise SystemExit(f"{options.answers}: expected answers of benchmarks.accuracy.answering, found none")
    for line in lines(all_, kept.lines(options.file)):
        kept.add(options.file, line)
        print(f"{line['table']}, fold {line['fold']}: {line['score']:.4f}", file=sys.stderr)


if __name__ == "__main__":
    main()
