"""What each command does: read, call, write. Answers go to stdout, everything else to stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.cli.options import keeping
from deltaw.cli.output import documents, text
from deltaw.cli.output.endings import CSV, JSON, PAGES, ending, writer
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import Screen, put, stderr, stdout
from deltaw.exceptions import SettingError, TrainingInterrupted
from deltaw.files import check_outputs, unfinished
from deltaw.progress import left_out
from deltaw.speech import say

if TYPE_CHECKING:
    import polars as pl

    from deltaw.models import Model, Plan
    from deltaw.tables import Table


def train(
    data: str,
    target: str | None,
    recipe: str,
    output: Path,
    report: Path | None,
    as_json: bool,
    doctor: bool,
    choices: dict[str, Any],
    quiet: bool,
    verbose: bool,
    log: Path | None,
    as_file: Callable[[Plan], str] | None,
    keep: keeping.Keeping,
) -> int:
    """`deltaw train`; returns the exit status."""
    from deltaw import models, tables
    from deltaw.callbacks import JsonLines
    from deltaw.cli.commands.doctor import SECONDS, examined
    from deltaw.cli.output.screen import watched
    from deltaw.doctor import outcome

    if quiet and verbose:
        raise SettingError("--quiet: expected it without --verbose", say("both"), "leave one of the two out")
    keeping.check(keep)
    # Before an hour of training, not after it.
    given = [choices[each] for each in ("test", "validation") if isinstance(choices.get(each), str)]
    sources = [path for source in (data, *given) for path in tables.origins(source)]
    start = keep.get("start")
    check_outputs({"--output": output, "--report": report, "--log": log}, [*sources, *([start] if start else [])])
    if report is not None:
        ending("--report", report, PAGES)
    logs = () if log is None else (JsonLines(log),)

    err = stderr(quiet)
    with err.status(say("reading {data}", data=data)):
        plan = models.plan(data, target, recipe, start=start, **choices)
    if as_file is not None:
        put(as_file(plan))
        return 0
    with err.status(say("examining")):
        diagnosis = examined(plan, SECONDS if doctor else 0.0)
    if diagnosis.evidence.refusal is not None and not doctor:
        raise diagnosis.evidence.refusal  # one line, and not below ten about what will not be
    kept = keeping.begun(plan, keep, err)
    text.print_plan(err, plan)
    if doctor:
        err.text(diagnosis.page.text(err.page_width))
    elif diagnosis.line:
        _warn(err, diagnosis.line)
        err.print()
    keeping.say_where(kept, plan, err)
    try:
        with watched(err, verbose) as show:
            model = models.run(plan, (show, *logs), kept)
        status = 0
    except TrainingInterrupted as stopped:
        model, status = stopped.model, keeping.ended_by(stopped, kept, err)
        if model is None:  # between two trainings: there is the checkpoint
            return status
        # What a finished training left is not replaced by half of one.
        output, report = unfinished(output), None if report is None else unfinished(report)
        epochs = say("{n} of {epochs} epochs", n=len(model.history), epochs=plan.recipe.epochs)
        which = say(", of the first fold's network") if plan.folds and plan.recipe.networks == 1 else ""
        err.print(
            say(
                "interrupted after {epochs}{which}; what was learnt is kept in {output}",
                epochs=epochs,
                which=which,
                output=output,
            )
        )
    for each in logs:
        if each.error is not None:
            err.print(say("note: {log} ends early: {strerror}", log=log, strerror=each.error.strerror or each.error))
    model.save(output)
    if report is not None:
        from deltaw import report as html

        with err.status(say("writing the report")):
            html.write(report, model)
    if as_json:
        found = {"doctor": diagnosis.page.json()} if doctor else {}
        put_json(documents.training(model, plan.columns, output, report, plan.left_out) | found)
    else:
        text.print_training(stdout(), model, output, report)
    if concern := outcome(model):  # what was known before stands above
        _warn(err, concern)
    return status


def predict(
    model_file: Path,
    data: str,
    output: Path | None,
    reading: dict[str, Any],
    as_json: bool,
    safe_csv: bool,
    keep: tuple[str, ...],
    numbered: bool,
) -> None:
    """`deltaw predict`; `keep`: names and patterns of columns, `numbered`: whether rows have their number."""
    from deltaw import models
    from deltaw.cli.commands import shards
    from deltaw.tables import Reading, origins

    if output is not None and not output.suffix and not as_json and not safe_csv:  # a folder, for rows in pieces
        how = Reading.of(**reading, written=bool(keep))
        if shards.answers(models.load(model_file), data, output, how, keep, numbered, stderr()):
            return
    check_outputs({"--output": output}, (model_file, *origins(data)))
    out = writer("--output", output)
    if safe_csv and (as_json or out.method != CSV.method):
        found = "--json" if as_json else str(output)
        raise SettingError("--safe-csv: expected answers as .csv or .tsv", found, "leave one of the two out")
    err = stderr()
    model = models.load(model_file)
    with err.status(say("answering for {data}", data=data)):
        table = model.read(data, Reading.of(**reading, written=bool(keep)))
        kept = documents.kept(table, keep)
        for each in ([out] if output is not None or not as_json else []) + [JSON] * as_json:
            documents.check_cells(kept, each)
        answers = model.answers(table)
    _notes(err, model, table, kept.columns)
    frame, renamed = documents.answers_frame(model, answers, kept, numbered)
    for name, other in renamed.items():
        err.print(
            say(
                "note: the column {name} that is kept is called {other}, beside the answer's {name}",
                name=name,
                other=other,
            )
        )
    if safe_csv:
        frame = documents.safe(frame)
    if output is not None:
        out.write(frame, output)
        err.print(say("{n:,} answers written to {output}", n=len(answers.values), output=output))
    if as_json:
        put_json(documents.answers(model, answers, kept, numbered))
    elif output is None:
        put(frame.write_csv())


def evaluate(model_file: Path, data: str, reading: dict[str, Any], report: Path | None, as_json: bool) -> None:
    """`deltaw evaluate`."""
    from dataclasses import replace

    from deltaw import models
    from deltaw.cli.commands import shards
    from deltaw.models import sharded
    from deltaw.tables import Reading, origins

    check_outputs({"--report": report}, (model_file, *origins(data)))
    if report is not None:
        ending("--report", report, PAGES)
    err = stderr()
    model = models.load(model_file)
    how = Reading.of(**reading)
    if report is None and not as_json and shards.are_many(data):
        found = shards.pieces(data, model, how)
        assert found is not None
        with err.status(say("answering for {data}", data=data)):
            scores = sharded.evaluate(model, (table for _, table in found[1]))
        text.print_scores(stdout(), scores, say("{rows:,} rows of {name}", rows=scores.rows, name=data), scores.defined)
        return
    with err.status(say("answering for {data}", data=data)):
        table = model.read(data, how)
        scores = model.evaluate(table)
    _notes(err, model, table)
    known = answered(err, model, table)
    rows = say("{rows:,} rows of {name}", rows=scores.rows, name=table.name)
    if report is not None:
        from deltaw import report as html

        with err.status(say("writing the report")):
            html.write(report, replace(model, scores=scores, held_out=known, witness=None), rows)
    if as_json:
        put_json(documents.scores(scores) | {"rows_left_out": len(models.rows_of(table)) - len(known)})
    else:
        text.print_scores(stdout(), scores, rows, scores.defined)
    if report is not None:
        err.print(say("report written to {report}", report=report))


def show(model_file: Path, columns: float | None, as_json: bool) -> None:
    """`deltaw show`; `columns` of them are listed, None: as many as one screen takes."""
    from deltaw import models

    model = models.load(model_file)
    if as_json:
        put_json(documents.model_file(model))
    else:
        text.print_model(stdout(), model, model_file, columns)


def _warn(err: Screen, concern: str) -> None:
    """What the doctor has to say, in a line."""
    err.print(say("doctor   {concern}; see deltaw doctor", concern=concern.rstrip(".")))


def answered(err: Screen, model: Model, table: Table) -> pl.DataFrame:
    """The rows of a table whose answer is known; says how many of the others there are."""
    from deltaw.models import rows_of

    rows = rows_of(table)
    known = rows.filter(model.target.known(rows.get_column(model.target.name)))
    if len(known) < len(rows):
        err.print(left_out(len(rows) - len(known), len(rows), model.target.name))
    return known


def say_notes(err: Screen, table: Table) -> None:
    """Say what was found out about how a table is written."""
    for note in table.notes:
        err.print(say("note: {name}: {note}", name=table.name, note=note))


def _notes(err: Screen, model: Model, table: Table, kept: Iterable[str] = ()) -> None:
    """Say what was not used of a table, once it has turned out to be of use."""
    from deltaw.models import rows_of

    rows = rows_of(table)
    say_notes(err, table)
    if table.test is not None:
        err.print(say("note: used the {n:,} test rows of {name}", n=len(rows), name=table.name))
    others = (model.target.name, model.recipe.weight, model.origin.group, *kept)
    extra = [name for name in model.preparation.extra(rows) if name not in others]
    if extra:
        err.print(say("note: columns that the model does not use: {extra}", extra=text.listing(extra)))
