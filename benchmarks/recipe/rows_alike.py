"""What it is worth to know rows by heart that recur: one `default` training with what rows alike answer, one without.

    python -m benchmarks.recipe.rows_alike [--part choosing|confirming|all] [--folder FOLDER] [--all] [--file FILE]

Of all tables of benchmarks/accuracy/scan.py, or of a folder of CSV files (benchmarks/tables/folder.py), those in which
rows recur; `--all` knows them by heart whether it seems worth it or not, which tells where the bounds of
`deltaw.preparation.equal_rows` are to lie. Both learn from the same rows of a fold and answer the rest: R² or accuracy
without and the gain, of classes the change of the log loss, and what the bounds are held against, the least of the
folds.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import commands
from benchmarks.accuracy.rivals import network
from benchmarks.accuracy.scan import Bounds, data, frames, targets
from benchmarks.accuracy.scoring import gained, turn
from benchmarks.tables.divided import Data
from benchmarks.tables.folder import PARTS, Folder
from deltaw.preparation import equal_rows

default = network("default", folds=0)
DRAWN, FOLDS = 6_000, 3


def tables(part: str, folder: Path | None) -> Iterator[tuple[str, Callable[[], Data]]]:
    """All of a part, by name, and how each is read."""
    if folder is not None:
        found = Folder(folder)
        yield from ((name, partial(found.load, name, FOLDS, DRAWN)) for name in found.sets[part])
        return
    bounds = Bounds(drawn=DRAWN)
    for name, frame in frames(part, bounds):
        for target in targets(frame, bounds):
            yield f"{name}: {target}", partial(data, name, frame, target, bounds)


def recurs(about: Data) -> bool:
    """Whether so many rows recur that it is asked what they are worth; of raw cells, which is quick."""
    frame = about.table.frame.drop(about.target.name)
    return frame.hash_rows().n_unique() <= (1 - equal_rows.LEAST_SHARE) * len(frame)


def learnt(about: Data) -> np.ndarray:
    """The mean score of the folds, and the mean log loss, 0 of numbers."""
    frame = about.table.frame
    lines = [turn(about, default, frame[known], frame[asked]) for known, asked in about.folds]
    return np.asarray(np.mean([(line["score"], line["loss"] or 0.0) for line in lines], axis=0))


def measured(about: Data, forced: bool) -> dict[str, Any] | None:
    """Without and with; None where nothing was asked, or, unless `forced`, nothing taken."""
    worth, found = equal_rows.saved, []

    def spy(*of: Any) -> tuple[float, float]:
        found.append(worth(*of))
        return (1.0, 1e9) if forced else found[-1]

    with patch.object(equal_rows, "saved", spy):
        after = learnt(about)
    taken = [share > equal_rows.WORTH and sure > equal_rows.SURE for share, sure in found]
    if not found or not (forced or any(taken)):
        return None
    with patch.object(equal_rows, "saved", lambda *of: (0.0, 0.0)):
        before = learnt(about)
    return {
        "rows": len(about.table.frame), "taken": sum(taken), "without": before[0], "gain": after[0] - before[0],
        "loss": after[1] - before[1], "share": min(x for x, _ in found), "sure": min(x for _, x in found),
    }  # fmt: skip


def main() -> None:
    """Measure and print, a line a table."""
    parser = commands.parser(__doc__)
    parser.add_argument("--part", choices=PARTS, default="choosing")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{'':40}{'rows':>7}{'taken':>7}{'without':>10}{'gain':>9}{'loss':>9}{'share':>8}{'sure':>7}")
    lines = []
    for name, load in tables(options.part, options.folder):
        try:
            about = load()
            line = measured(about, options.all) if recurs(about) else None
        except Exception as error:
            print(f"{name}: {error}"[:100], flush=True)
            continue
        if line is None:
            continue
        lines.append({"name": name, **line})
        print(
            f"{name[:38]:40}{line['rows']:7,}{line['taken']:7}{line['without']:10.4f}{line['gain']:+9.4f}"
            f"{line['loss']:+9.4f}{line['share']:8.3f}{line['sure']:7.1f}",
            flush=True,
        )
        if options.file is not None:
            options.file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    if lines:
        print("mean " + gained([float(line["gain"]) for line in lines]))


if __name__ == "__main__":
    main()
