"""`deltaw doctor`, and the doctor's part of `deltaw train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deltaw.cli.options.training import brings_a_model
from deltaw.cli.output import screen
from deltaw.cli.output.endings import PAGES, ending
from deltaw.cli.output.paper import put, put_json
from deltaw.exceptions import SettingError
from deltaw.files import check_outputs, write_bytes
from deltaw.progress import left_out
from deltaw.speech import say

if TYPE_CHECKING:
    from deltaw.doctor import Diagnosis
    from deltaw.models import Plan

SECONDS = 10.0  # that `deltaw train --doctor` takes


def doctor(
    source: str,
    data: str | None,
    target: str | None,
    recipe: str,
    rows: int,
    seconds: float,
    repair: bool,
    html: Path | None,
    as_json: bool,
    choices: dict[str, Any],
    given: list[str],
    member: int = 1,
    memory: int | None = None,
) -> None:
    """`deltaw doctor`: DATA to train on, or MODEL DATA; `given`: options that do not apply to a model."""
    _check(rows, seconds, repair)
    is_model = brings_a_model("doctor", source, data, given)
    if not is_model and member != 1:
        raise SettingError("--member: expected a model of several networks", say("a table"), "leave it out")
    from deltaw.doctor.page import repair_data, repair_words
    from deltaw.tables import origins

    check_outputs({"--html": html}, origins(source) if data is None else (Path(source), *origins(data)))
    if html is not None:
        ending("--html", html, PAGES)
    err = screen.stderr()
    with err.status(say("examining {source}", source=source)):
        budget: dict[str, Any] = {"rows": rows, "seconds": seconds}
        seen = (
            _of_model(source, data, choices, budget | {"member": member}) if data is not None
            else _of_table(source, target, recipe, choices | {"memory": memory}, budget)
        )  # fmt: skip
    diagnosis, without = seen.diagnosis, seen.without
    for note in seen.notes:
        err.print(say("note: {data}: {note}", data=data or source, note=note))
    if without:
        err.print(left_out(without, seen.rows, seen.target))
    repaired = None
    if repair:
        with err.status(say("trying the repairs")):
            repaired = diagnosis.repair()
    page = diagnosis.page
    if html is not None:
        write_bytes(html, page.html().encode())
        err.print(say("diagnosis written to {html}", html=html))
    if as_json:
        document = (
            page.json()
            | {"rows_left_out": without}
            | ({} if repaired is None else {"repaired": repair_data(repaired, diagnosis.setup)})
        )
        put_json(document)
        return
    if html is None:
        put(page, "text", None)
    if repaired is not None:
        screen.stdout().text(f"\n{repair_words(repaired, diagnosis.setup)}")


class _Seen(NamedTuple):
    """What was examined: name of the target, number of rows, and of rows without a target value."""

    diagnosis: Diagnosis
    target: str
    rows: int
    without: int
    notes: tuple[str, ...]


def _of_model(source: str, data: str, choices: dict[str, Any], budget: dict[str, Any]) -> _Seen:
    from deltaw import doctor, models
    from deltaw.tables import Reading

    model = models.load(source)
    table, name = model.read(data, Reading.taken(choices)[0]), model.target.name
    diagnosis = doctor.examine_model(model, table, **budget)
    without = len(table.frame) - int(model.target.known(table.column(name)).sum())
    return _Seen(diagnosis, name, len(table.frame), without, table.notes)


def _of_table(source: str, target: str | None, recipe: str, choices: dict[str, Any], budget: dict[str, Any]) -> _Seen:
    from deltaw import doctor, models

    plan = models.plan(source, target, recipe, **choices)
    setup = doctor.planned(plan)
    diagnosis = doctor.diagnose(setup, **budget)
    some = say("looked at {n:,} of {rows:,} training rows", n=len(setup.X), rows=plan.learnt)
    fewer = plan.streamed is not None and len(setup.X) < plan.learnt
    notes = (*plan.table.notes, *([some] if fewer else []))
    return _Seen(diagnosis, plan.target.name, plan.rows + plan.left_out, plan.left_out, notes)


def examined(plan: Plan, seconds: float) -> Diagnosis:
    """The diagnosis of a plan of `deltaw train`; with 0 seconds without training."""
    from deltaw.doctor import diagnose, planned
    from deltaw.doctor.tables import LOOKED_AT, MOST_CELLS

    return diagnose(planned(plan, MOST_CELLS if seconds else LOOKED_AT), seconds=seconds)


def _check(rows: int, seconds: float, repair: bool) -> None:
    if rows < 1:
        raise SettingError("--rows: expected 1 or more", str(rows), "give e.g. 10000")
    if not 0 <= seconds < 1e9:
        raise SettingError("--seconds: expected 0 or more", str(seconds), "give e.g. 10; 0 trains nothing")
    if repair and not seconds:
        raise SettingError("--repair: expected --seconds above 0", str(seconds), "leave one of the two out")
