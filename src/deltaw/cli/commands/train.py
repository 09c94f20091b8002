"""`deltaw train`: plan, examine, train, save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaw.allocators import give_back
from deltaw.cli.commands import processes, saving
from deltaw.cli.options import keeping
from deltaw.cli.output import documents, text
from deltaw.cli.output.paper import put_json
from deltaw.cli.output.screen import Screen, put, stderr, stdout, watched
from deltaw.engines import ranks
from deltaw.exceptions import TrainingInterrupted, reason
from deltaw.files import unfinished
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.callbacks import JsonLines
    from deltaw.doctor import Diagnosis
    from deltaw.models import Model, Plan
    from deltaw.training.checkpoints import Checkpoints


@dataclass(frozen=True)
class Order:
    """The options of `deltaw train`.

    Attributes:
        choices: arguments of `deltaw.fit`, by name.
        as_file: writes the plan as a file of options (--print-config), or None.
        keep: where the run starts, and its checkpoints; see `options.keeping`.
    """

    data: str
    target: str | None
    recipe: str
    output: Path
    report: Path | None
    as_json: bool
    doctor: bool
    choices: dict[str, Any]
    quiet: bool
    verbose: bool
    log: Path | None
    as_file: Callable[[Plan], str] | None
    keep: keeping.Keeping

    def plan(self) -> Plan:
        """The plan."""
        from deltaw import models
        from deltaw.doctor.tables import LOOKED_AT, MOST_CELLS

        held = {name: self.keep.get(name) for name in ("start", "memory", "cache", "seconds", "free")}
        # Several processes compare their rows.
        rows_stay = self.log is not None or "checkpoint" in self.keep or ranks.here().world > 1
        lean = None if rows_stay else MOST_CELLS if self.doctor else LOOKED_AT
        return models.plan(self.data, self.target, self.recipe, lean=lean, **held, **self.choices)

    def examined_plan(self, err: Screen) -> tuple[Plan, Diagnosis | None]:
        """The plan and its diagnosis, if it is to be trained. Raises if it cannot be."""
        from deltaw.cli.commands.doctor import SECONDS, examined

        keep, outputs = self.keep, {"--output": self.output, "--report": self.report, "--log": self.log}
        keeping.check(keep)
        folders = {"--checkpoint": keep.get("checkpoint")}
        saving.check(self.data, self.choices, outputs, self.quiet, self.verbose, keep.get("start"), folders)
        with err.status(say("reading {data}", data=self.data)):
            plan = self.plan()
        if self.as_file is not None:
            return plan, None
        with err.status(say("examining")), ranks.alone():
            diagnosis = examined(plan, SECONDS if self.doctor else 0.0)
        if diagnosis.evidence.refusal is not None and not self.doctor:
            raise diagnosis.evidence.refusal  # one line, and not below ten about what will not be
        return plan, diagnosis


def train(order: Order) -> int:
    """`deltaw train`; returns the exit status."""
    give_back()
    err, keep = stderr(order.quiet), order.keep
    with keeping.interrupted(partial(keeping.before_training, keep)):
        from deltaw.callbacks import JsonLines

        if processes.joined(order.choices, keep, order.data).rank:
            return processes.follow(order.plan, None if order.as_file is not None else keep)
        plan, diagnosis = processes.agreed(partial(order.examined_plan, err))
        kept = None if diagnosis is None else processes.begun(plan, keep, err)
    if diagnosis is None:
        assert order.as_file is not None
        put(order.as_file(plan))
        return 0
    with keeping.interrupted(partial(keeping.during_training, kept), unless_said=True):
        text.print_plan(err, plan)
        if order.doctor:
            err.text(diagnosis.page.text(err.page_width))
        elif diagnosis.line:
            _warn(err, diagnosis.line)
            err.print()
        keeping.say_where(kept, plan, err)
        log = None if order.log is None else JsonLines(order.log)
        found = {"doctor": diagnosis.page.json()} if order.doctor and order.as_json else {}
        plan = plan if log else plan.lean
        del diagnosis  # and the rows that it looked at
        return _follow(order, plan, kept, log, found, err)


def _follow(
    order: Order, plan: Plan, kept: Checkpoints | None, log: JsonLines | None, found: dict[str, Any], err: Screen
) -> int:
    """Train by the plan and save the model; return the exit status. `found`: the diagnosis, for JSON."""
    from deltaw import models
    from deltaw.doctor import outcome

    output, report = order.output, order.report
    try:
        with watched(err, order.verbose) as show:
            model, status = models.run(plan, (show, *filter(None, [log])), kept), 0
        ranks.leave()
    except TrainingInterrupted as stopped:
        speaks, status = ranks.speaks(128 + stopped.signal)
        if not speaks:  # torchrun ends the others where one has ended
            return status
        err = stderr()  # shown in spite of --quiet: what to do now
        status = keeping.ended_by(stopped, kept, err)
        if stopped.model is None:  # between two trainings: there is the checkpoint
            return status
        # What a finished training left is not replaced by half of one.
        model, output, report = stopped.model, unfinished(output), None if report is None else unfinished(report)
        _say_interrupted(err, model, plan, output)
    if log is not None and log.error is not None:
        err.print(say("note: {log} ends early: {strerror}", log=order.log, strerror=reason(log.error)))
    with saving.saved(model, output, report, err):
        if order.as_json:
            put_json(documents.training(model, plan.columns, output, report, plan.left_out) | found)
        else:
            text.print_training(stdout(), model, output, report)
        # What was known before stands above; of a training that was broken off there is nothing more to say.
        if status == 0 and (concern := outcome(model, plan)):
            _warn(err, concern)
    return status


def _say_interrupted(err: Screen, model: Model, plan: Plan, output: Path) -> None:
    """Print how far the training got, and where the model is."""
    epochs = say("{n} of {epochs} epochs", n=len(model.history), epochs=plan.recipe.epochs)
    which = say(", of the first fold's network") if plan.folds and plan.recipe.ensemble_size == 1 else ""
    line = "interrupted after {epochs}{which}; the model so far is saved in {output}"
    err.print(say(line, epochs=epochs, which=which, output=output))


def _warn(err: Screen, concern: str) -> None:
    """Print the doctor's line."""
    err.print(say("doctor   {concern}; see deltaw doctor", concern=concern.rstrip(".。")))
