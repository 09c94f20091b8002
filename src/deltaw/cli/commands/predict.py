"""`deltaw predict`: predictions for every row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deltaw.cli.commands.notes import say_all_notes
from deltaw.cli.once import not_a_folder
from deltaw.cli.output import documents
from deltaw.cli.output.endings import CSV, JSON, writer
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import put, stderr
from deltaw.exceptions import SettingError
from deltaw.files import check_outputs
from deltaw.speech import say


def predict(
    model_file: Path,
    data: str,
    to: str | None,
    reading: dict[str, Any],
    as_json: bool,
    safe_csv: bool,
    keep: tuple[str, ...],
    numbered: bool,
) -> None:
    """`deltaw predict`; `keep`: names and patterns of columns to copy; `numbered`: add a column of row numbers."""
    from deltaw import models
    from deltaw.cli.commands import processes, shards
    from deltaw.tables import Reading, origins

    here = processes.beside(data, model_file)
    output = None if to is None else Path(to)
    if to is not None and not Path(to).suffix and not as_json and not safe_csv:  # a folder, for rows in pieces
        how = Reading.of(**reading, written=bool(keep))
        model = processes.agreed(lambda: models.load(model_file))
        if shards.answers(model, data, to, how, keep, numbered, stderr()):
            return
    not_a_folder("--output", to)
    if here.rank:
        return  # rows in one piece are the first process's
    check_outputs({"--output": output}, (model_file, *origins(data)))
    out = writer("--output", output)
    if safe_csv and (as_json or out.method != CSV.method):
        found = "--json" if as_json else str(output)
        raise SettingError("--safe-csv: expected answers as .csv or .tsv", found, "leave one of the two out")
    err = stderr()
    model = models.load(model_file)
    with err.status(say("predicting {data}", data=data)):
        table = model.read(data, Reading.of(**reading, written=bool(keep)))
        kept = documents.kept(table, keep)
        for each in ([out] if output is not None or not as_json else []) + [JSON] * as_json:
            documents.check_cells(kept, each)
        whole = model.answers(table) if as_json else None  # which alone needs all probabilities at once
        said = model.answers_in_turn(table) if whole is None else (whole,)
        frame, renamed = documents.answers_frame(model, said, kept, numbered)
    say_all_notes(err, model, table, kept.columns)
    for name, other in renamed.items():
        line = "note: the kept column {name} is renamed {other}, since the answers have a column {name}"
        err.print(say(line, name=name, other=other))
    if safe_csv:
        frame = documents.safe(frame)
    if output is not None:
        out.write(frame, output)
        err.print(say("{n:,} answers written to {output}", n=len(frame), output=output))
    if whole is not None:
        put_json(documents.answers(model, whole, kept, numbered))
    elif output is None:
        put(frame.write_csv())
