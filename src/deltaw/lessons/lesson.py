"""What a lesson is: a page, and the numbers it was written from; and its entry in the table of lessons."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltaw.lessons.words import Words
from deltaw.pages import Page, Section, Table, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Lesson:
    """A lesson that has run. Prints as text; a notebook shows it as a page.

    Attributes:
        name: as in `LESSONS`.
        page: what it says, with its tables and figures; see `deltaw.pages.Page` for the ways to render it.
    """

    name: str
    page: Page

    @property
    def data(self) -> Mapping[str, Any]:
        """The numbers of the run by name: arrays and plain values, what `--json` prints."""
        return self.page.data

    @property
    def figures(self) -> list[Figure]:
        """The lesson's figures as new matplotlib Figures."""
        return [block.draw() for block in self.page.figures]

    def __str__(self) -> str:
        return str(self.page)

    def _repr_html_(self) -> str:
        return self.page._repr_html_()


@dataclass(frozen=True)
class Parameter:
    """A parameter of a lesson: the keyword of its function, the option of its command.

    Attributes:
        name: of the keyword.
        kind: int, float, str or bool.
        default: what it is where nothing is said.
    """

    name: str
    kind: type
    default: Any

    @property
    def option(self) -> str:
        """ "--learning-rate" for learning_rate."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True)
class Entry:
    """A lesson in the table of lessons.

    Attributes:
        function: runs it, and returns the `Lesson`; its parameters are keywords.
    """

    function: Callable[..., Lesson]

    @property
    def name(self) -> str:
        """As its function and its command are called."""
        return self.function.__name__

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the lesson, without its language."""
        signature = inspect.signature(self.function, eval_str=True)
        return tuple(
            Parameter(p.name, p.annotation, p.default) for p in signature.parameters.values() if p.name != "lang"
        )

    def title(self, lang: str | None = None) -> str:
        """Its title in the language `lang`, "en" or "zh", or the current one. Raises SettingError for others."""
        return Words(self.name, lang)("title")

    def help(self, parameter: str, lang: str | None = None) -> str:
        """What `parameter`, by its name, is, in the language `lang`; as `title` has it."""
        return Words(self.name, lang)(f"parameters.{parameter}")


def compose(
    words: Words,
    sections: Iterable[Section],
    *,
    shows: Sequence[str],
    tries: Mapping[str, str],
    data: Mapping[str, Any],
) -> Lesson:
    """Put a lesson together as they all are: title, idea, the run, what it shows, what to try, the lesson after it.

    Args:
        words: with the keys `title`, `idea` and `following`.
        sections: the run: its tables and figures.
        shows: paragraphs on what the numbers of this run say.
        tries: options of the lesson's command -> the key that says what they do; "" is the lesson as it is.
        data: the numbers of the run.
    """
    language = "" if words.lang == "en" else f" --lang {words.lang}"
    commands = [
        (f"deltaw lesson {words.lesson} {options}".rstrip() + language, words(key)) for options, key in tries.items()
    ]
    to_try = Table((words("command"), words("what_it_does")), tuple(commands))
    page = Page(
        title=words("title"),
        lead=words("idea"),
        sections=(
            *sections,
            Section(words("shows"), tuple(map(Text, shows))),
            Section(words("next"), (to_try, Text(words("following")))),
        ),
        data=data,
        lang=words.lang,
        letters=True,
    )
    return Lesson(words.lesson, page)
