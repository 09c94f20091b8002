"""What a caller asks for, as data: checked before a table is read, so that no mistake shows only after minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from deltaw import engines
from deltaw.engines.protocol import thread_count
from deltaw.equations.lookup import positive
from deltaw.exceptions import SettingError
from deltaw.given import is_whole
from deltaw.models import recipes
from deltaw.models.allowed import checked
from deltaw.models.fitting.deciding.warm import Start
from deltaw.models.rows.dividing import Choices
from deltaw.models.rows.survey import Streamed
from deltaw.speech import say
from deltaw.speech.settings import given_as
from deltaw.tables import Reading
from deltaw.tables.choice import Names, as_name

MOST_SECONDS = 1e9


@dataclass(frozen=True)
class Request:
    """The arguments of `deltaw.fit` that decide what is trained; its documentation says what each means.

    `fit` repeats them, for editors and type checkers. A test compares the two.

    Attributes:
        target: None: the source says which.
        start: the model whose weights training starts from. What it has decided is in the other fields, too.
        settings: fields of the recipe that were named, a share for validation among them.
        reading: how the source is read.
        lean: see `Plan.lean`: how many inputs may still be looked at when the raw rows have been let go. None: all.
        streamed: the rows to learn from where no memory holds them; `source` is a sample of them.
        unrounded: columns whose numbers are read to the last digit however large the table is.
        uninformative: see `Plan`. None: screening and elimination decide.
    """

    source: Any
    target: str | None = None
    recipe: str = "default"
    seed: int = 0
    engine: str = "native"
    device: str | None = None
    threads: int | None = None
    test: Any = None
    validation: Any = None
    test_size: float | None = None
    folds: int | None = None
    group: str | None = None
    time: str | None = None
    task: str | None = None
    metric: str | None = None
    drop: Names = None
    columns: Names = None
    kinds: Mapping[str, str] | None = None
    start: Start | None = None
    seconds: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    lean: int | None = None
    streamed: Streamed | None = None
    unrounded: tuple[str, ...] = ()
    uninformative: Mapping[str, str] | None = None

    @classmethod
    def of(cls, source: Any, target: Any = None, recipe: Any = "default", **asked: Any) -> Request:
        """From arguments of `deltaw.fit`: those of ARGUMENTS, settings of the recipe, and how the source is read.

        Raises:
            SettingError: an argument that cannot be, or that excludes another.
            ModelFileError: the model to start from cannot be read.
        """
        own = {name: asked.pop(name) for name in ARGUMENTS if name in asked}
        reading, settings = Reading.taken(asked)
        if own.get("validation") is not None and is_share(own["validation"]):
            settings["validation"] = own.pop("validation")
        own |= {name: as_name(own[name]) for name in ("group", "time") if name in own}
        settings |= {"weight": as_name(settings["weight"])} if "weight" in settings else {}
        start = Start.of(own.pop("start", None))
        made = cls(source, as_name(target), recipe, **own, settings=settings, reading=reading)
        made = made if start is None else made._continued(start)
        made._check()
        return replace(made, seed=int(made.seed), engine=engines.on(made.engine, made.device))

    @property
    def choices(self) -> Choices:
        """How the rows are to be divided."""
        return Choices(self.test_size, self.folds, self.group, self.time)

    @property
    def weight(self) -> str | None:
        """The column of row weights."""
        return self.settings.get("weight")

    def _continued(self, start: Start) -> Request:
        """The same with all that the model has decided; raises SettingError if one of these settings is given."""
        fixed = {name: getattr(self, name) for name in ("task", "drop", "columns", "kinds")}
        recipe, target, settings = start.asked(self.recipe, self.target, self.settings, **fixed)
        reading = start.reading(self.reading)
        return replace(self, start=start, recipe=recipe, target=target, settings=settings, reading=reading)

    def _check(self) -> None:
        recipes.check_names(self.recipe, self.settings)
        self.choices.check(self.test is not None)
        engine = engines.on(self.engine, self.device)
        if not is_whole(self.seed, 0, 2**63 - 1):
            raise SettingError("seed: expected a whole number from 0 to 2⁶³ − 1", repr(self.seed), "give 0")
        engines.installed(engine)
        thread_count(self.threads)
        if self.seconds is not None:
            self._check_seconds(self.seconds)
        if self.target is not None and not isinstance(self.target, str):
            if hasattr(self.target, "shape"):
                remedy = "put it into the table as a column, or give both to an estimator of deltaw.sklearn"
                raise SettingError("target: expected a column's name", type(self.target).__name__, remedy)
            raise SettingError("target: expected a column's name", repr(self.target), "give one name")
        if self.weight is not None and not isinstance(self.weight, str):
            raise SettingError("weight: expected the name of a column", repr(self.weight), "give one name")
        for name, value in self.settings.items():
            checked(name, value)

    def _check_seconds(self, seconds: float) -> None:
        """Raise SettingError for seconds that are none, or stand beside what has no use for them."""
        positive(seconds, "seconds", below=MOST_SECONDS)
        if self.recipe != "accurate" or self.settings.get("networks") == 1:
            found = say("the recipe {name}", name=self.recipe) if self.recipe != "accurate" else "networks=1"
            expected = "seconds: expected the recipe accurate, of several networks"
            accurate = given_as("recipe", "accurate")
            raise SettingError(expected, found, "give {recipe}, or search by tune", recipe=accurate)
        for name in ("start", "validation"):
            if getattr(self, name) is not None:
                remedy = "leave one of the two out"
                raise SettingError("{name}: expected none beside seconds", say("one"), remedy, name=name)


# What `of` takes by these names; the other fields are parameters of its own, made of others, or not the caller's.
_OTHERS = {"source", "target", "recipe"} | {"settings", "reading"} | {"lean", "streamed", "unrounded", "uninformative"}
ARGUMENTS = tuple(each.name for each in fields(Request) if each.name not in _OTHERS)


def is_share(validation: Any) -> bool:
    """Whether validation rows are asked for by their share of the training rows, and not given."""
    return isinstance(validation, int | float | np.number)
