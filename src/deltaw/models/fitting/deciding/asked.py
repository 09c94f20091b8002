"""What is refused of what a caller gives, before a table is read or as soon as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from deltaw import engines
from deltaw.engines.protocol import thread_count
from deltaw.equations.lookup import positive
from deltaw.exceptions import ColumnError, SettingError
from deltaw.given import is_whole
from deltaw.speech import listed, say
from deltaw.tables import Table

MOST_SECONDS = 1e9


def no_target(table: Table) -> NoReturn:
    names = table.frame.columns
    shown = listed(names[:12]) + (say(", … ({n} in all)", n=len(names)) if len(names) > 12 else "")
    raise ColumnError(
        "{name}: expected the name of the column to predict",
        say("none given; the columns are {shown}", shown=shown),
        "add a target such as {example!r}",
        name=table.name,
        example=names[-1],
    )


def check_run(seed: Any, engine: Any, threads: Any) -> None:
    """Refuse before a table is read what would be refused after it."""
    if not is_whole(seed, 0, 2**63 - 1):
        raise SettingError("seed: expected a whole number from 0 to 2⁶³ − 1", repr(seed), "give 0")
    engines.installed(engine)
    thread_count(threads)


def check_seconds(seconds: Any, recipe: str, settings: Mapping[str, Any], beside: Mapping[str, Any]) -> None:
    """Raise SettingError for seconds that are none, or stand beside what has no use for them."""
    if seconds is None:
        return
    positive(seconds, "seconds", below=MOST_SECONDS)
    if recipe != "accurate" or settings.get("networks") == 1:
        found = say("the recipe {name}", name=recipe) if recipe != "accurate" else "networks=1"
        remedy = "give recipe='accurate', or use deltaw.tune"
        raise SettingError("seconds: expected the recipe accurate, of several networks", found, remedy)
    if there := [name for name, value in beside.items() if value is not None]:
        remedy = "leave one of the two out"
        raise SettingError("{name}: expected none beside seconds", say("one"), remedy, name=there[0])
