"""`deltaw train`: plan, examine, train, save."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.allocators import give_back
from deltaw.cli.commands import saving, together
from deltaw.cli.options import keeping
from deltaw.cli.output import documents, text
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import Screen, put, stderr, stdout
from deltaw.engines import ranks
from deltaw.exceptions import TrainingInterrupted, reason
from deltaw.files import unfinished
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.doctor import Diagnosis
    from deltaw.models import Model, Plan


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
    give_back()
    with keeping.before_training(keep):
        from deltaw import models
        from deltaw.callbacks import JsonLines
        from deltaw.cli.commands.doctor import SECONDS, examined
        from deltaw.cli.output.screen import watched
        from deltaw.doctor import outcome
        from deltaw.doctor.tables import LOOKED_AT, MOST_CELLS

    err, start = stderr(quiet), keep.get("start")

    def planned() -> Plan:
        held = {name: keep.get(name) for name in ("memory", "cache", "seconds", "free")}
        rows_stay = log is not None or "checkpoint" in keep or ranks.here().world > 1  # several compare their rows
        lean = None if rows_stay else MOST_CELLS if doctor else LOOKED_AT
        return models.plan(data, target, recipe, start=start, lean=lean, **held, **choices)

    def examined_plan() -> tuple[Plan, Diagnosis | None]:
        keeping.check(keep)
        outputs = {"--output": output, "--report": report, "--log": log}
        saving.check(data, choices, outputs, quiet, verbose, start, {"--checkpoint": keep.get("checkpoint")})
        with err.status(say("reading {data}", data=data)):
            plan = planned()
        if as_file is not None:
            return plan, None
        with err.status(say("examining")), ranks.alone():
            diagnosis = examined(plan, SECONDS if doctor else 0.0)
        if diagnosis.evidence.refusal is not None and not doctor:
            raise diagnosis.evidence.refusal  # one line, and not below ten about what will not be
        return plan, diagnosis

    with keeping.before_training(keep):
        if together.joined(choices, keep, data).rank:
            return together.follow(planned, None if as_file is not None else keep)
        plan, diagnosis = together.agreed(examined_plan)
        kept = None if as_file is not None else together.begun(plan, keep, err)
    if diagnosis is None:
        assert as_file is not None
        put(as_file(plan))
        return 0
    with keeping.after_it_began(kept):
        logs = () if log is None else (JsonLines(log),)
        text.print_plan(err, plan)
        if doctor:
            err.text(diagnosis.page.text(err.page_width))
        elif diagnosis.line:
            _warn(err, diagnosis.line)
            err.print()
        keeping.say_where(kept, plan, err)
        plan, found = plan if logs else plan.lean, {"doctor": diagnosis.page.json()} if doctor and as_json else {}
        del diagnosis  # and the rows that it looked at
        try:
            with watched(err, verbose) as show:
                model, status = models.run(plan, (show, *logs), kept), 0
            ranks.leave()
        except TrainingInterrupted as stopped:
            speaks, status = ranks.speaks(128 + stopped.signal)
            if not speaks:  # torchrun ends the others where one has ended
                return status
            err = stderr()  # what is to be done now is no small talk
            status = keeping.ended_by(stopped, kept, err)
            if stopped.model is None:  # between two trainings: there is the checkpoint
                return status
            # What a finished training left is not replaced by half of one.
            model, output, report = stopped.model, unfinished(output), None if report is None else unfinished(report)
            _say_interrupted(err, model, plan, output)
        for each in logs:
            if each.error is not None:
                err.print(say("note: {log} ends early: {strerror}", log=log, strerror=reason(each.error)))
        with saving.saved(model, output, report, err):
            if as_json:
                put_json(documents.training(model, plan.columns, output, report, plan.left_out) | found)
            else:
                text.print_training(stdout(), model, output, report)
            # What was known before stands above; of a training that was broken off there is nothing more to say.
            if status == 0 and (concern := outcome(model, plan)):
                _warn(err, concern)
        return status


def _say_interrupted(err: Screen, model: Model, plan: Plan, output: Path) -> None:
    """How much was learnt, and where it is."""
    epochs = say("{n} of {epochs} epochs", n=len(model.history), epochs=plan.recipe.epochs)
    which = say(", of the first fold's network") if plan.folds and plan.recipe.together == 1 else ""
    line = "interrupted after {epochs}{which}; what was learnt is kept in {output}"
    err.print(say(line, epochs=epochs, which=which, output=output))


def _warn(err: Screen, concern: str) -> None:
    """What the doctor has to say, in a line."""
    err.print(say("doctor   {concern}; see deltaw doctor", concern=concern.rstrip(".。")))
