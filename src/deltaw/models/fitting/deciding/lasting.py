"""How long a training lasts: what is refused of seconds before a table is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deltaw.equations.lookup import positive
from deltaw.exceptions import SettingError
from deltaw.speech import say

MOST_SECONDS = 1e9


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
