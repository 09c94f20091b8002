"""`deltaw explain`: a saved model's prediction for one row, number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from deltaw.cli.commands.notes import say_notes
from deltaw.cli.output import screen
from deltaw.cli.output.paper import chosen, put
from deltaw.exceptions import SettingError
from deltaw.speech import say


def explain(
    model_file: Path,
    data: str,
    link: str | None,
    form: str | None,
    output: Path | None,
    reading: dict[str, Any],
    choices: dict[str, Any],
) -> None:
    """`deltaw explain`."""
    from deltaw import models
    from deltaw.explain import prediction
    from deltaw.tables import Reading, origins

    form = chosen(form, output, (model_file, *origins(data)))
    place = None if link is None else _place(link)
    err = screen.stderr()
    with err.status(say("explaining {data}", data=data)):
        model = models.load(model_file)
        table = model.read(data, Reading.of(**reading))
        found = prediction(model, table, **choices)
        if place is None:
            page = found.page
        elif found.step is None:
            line = '--link: expected a row of {source} whose "{name}" is known'
            expected = say(line, source=found.source, name=found.model.target.name)
            remedy = "add the column: the gradient of a link needs the target"
            raise SettingError(expected, say("row {row:,} without", row=found.row), remedy)
        else:
            page = found.step.link(*place).page
    say_notes(err, table)
    put(page, form, output)


def _place(text: str) -> tuple[int, int, int | Literal["bias"]]:
    """ "2,0,1" -> (2, 0, 1); "2,0,bias" -> (2, 0, "bias")."""
    try:
        layer, to, of = (part.strip() for part in text.split(","))
        return int(layer), int(to), "bias" if of == "bias" else int(of)
    except ValueError:
        expected = say("--link: expected LAYER,TO,OF in whole numbers (OF may be bias)")
        raise SettingError(expected, repr(text), "give e.g. 2,0,1") from None
