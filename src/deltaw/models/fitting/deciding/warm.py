"""Warm start: training starts from the weights of a model, with its preparation, on other rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltaw.exceptions import SettingError
from deltaw.given import is_file, is_path, name_of
from deltaw.models.contents import reading_of
from deltaw.models.model import Model, load
from deltaw.models.recipes import Recipe
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.preparation.unknown import unknown_words
from deltaw.speech import say
from deltaw.tables import Column, Reading
from deltaw.tables.table import clip

if TYPE_CHECKING:
    import polars as pl

# Settings that the weights, inputs and outputs of the model were made with; others may be changed.
FIXED = (
    "hidden", "activation", "output_activation", "bias", "init", "scaling", "targets", "target_low", "target_high",
    "target_scale", "clamp", "networks", "weight",
)  # fmt: skip
MIDDLE = 0.5
NEW = 0.05  # share of a column's cells that are unknown words, from which a note says so


@dataclass(frozen=True, eq=False)
class Start:
    """The model that training starts from.

    Attributes:
        model: with its weights, preparation and target.
        name: of the model in messages.
    """

    model: Model
    name: str

    @classmethod
    def of(cls, given: Any) -> Start | None:
        """A `Model`, or the path of its file. Raises ModelFileError; SettingError for what is neither."""
        if given is None or isinstance(given, cls):
            return given
        if isinstance(given, Model):
            return cls(given, say("the model"))
        if is_path(given) or is_file(given):
            return cls(load(given), name_of(given))
        raise SettingError("start: expected a model or the path of its file", repr(given), "give e.g. 'm.deltaw'")

    def asked(
        self, recipe: str, target: str | None, settings: Mapping[str, Any], **fixed: Any
    ) -> tuple[str, str, dict[str, Any]]:
        """(recipe, target, settings) of the model, with the settings that the caller changes.

        Args:
            fixed: the values given for other arguments of `deltaw.fit` that the model has decided.

        Raises:
            SettingError: a value other than the model's for something that it has decided.
        """
        own: dict[str, Any] = vars(self.model.recipe)
        named = {"recipe": (recipe, "default", own["name"]), "target": (target, None, self.model.target.name)}
        for name, (value, usual, known) in named.items():
            if value not in (usual, known):
                raise self._decided(name, repr(value))
        for name, value in fixed.items():
            if value is not None and not (name == "task" and value == self.model.task):
                raise self._decided(name, say("one"))
        for name in FIXED:
            if name in settings and settings[name] not in (own[name], None):
                value = settings[name]
                same = name == "hidden" and tuple(value if isinstance(value, list | tuple) else [value]) == own[name]
                if not same:
                    raise self._decided(name, repr(value))
        kept = {name: value for name, value in own.items() if name != "name" and value is not None}
        return own["name"], self.model.target.name, kept | {k: v for k, v in settings.items() if v is not None}

    def _decided(self, name: str, found: str) -> SettingError:
        expected = "{name}: expected none together with {model}, which has its own"
        return SettingError(expected, found, "leave it out", name=name, model=self.name)

    def reading(self, how: Reading) -> Reading:
        """The same with the model's words for missing values and columns of words."""
        return reading_of(self.model, how)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The model's columns and their kinds."""
        preparation = self.model.preparation
        used = [Column(step.title, step.kind, say("as in {model}", model=self.name)) for step in preparation.of_columns]
        return (*used, *(Column(each.column, each.kind, each.reason) for each in preparation.left_out))

    def notes_on(self, frame: pl.DataFrame) -> tuple[str, ...]:
        """Notes on words that the model does not know: it cannot learn new ones."""
        line = (
            '{n:,} of {present:,} cells of {column} are words that {model} does not know ("{word}"); '
            "continued training cannot add them: train from scratch for that"
        )
        steps = [step for step in self.model.preparation.steps if getattr(step, "column", None) in frame.columns]
        return tuple(
            say(
                line,
                n=new.cells,
                present=new.present,
                column=clip(new.column),
                word=clip(new.word, 20),
                model=self.name,
            )
            for new in unknown_words(steps, frame, NEW)
        )

    def learnt(self, recipe: Recipe) -> tuple[Preparation, Target]:
        """The model's preparation and target, in place of what is fitted on training rows."""
        given = recipe.threshold  # "best:…" is found after training
        return self.model.preparation, self.model.target.with_threshold(MIDDLE if isinstance(given, str) else given)

    def network(self, k: int = 0) -> Network:
        """A copy of the model's k-th network, from 0; if it has fewer, from the first again."""
        members = self.model.members
        return members[k % len(members)].copy()
