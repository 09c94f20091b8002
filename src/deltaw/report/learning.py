"""Sections of a report about the training: tuning, learning curves, layers, settings."""

from __future__ import annotations

from collections.abc import Iterator

from deltaw import plots
from deltaw.equations.losses import titled
from deltaw.models import Model, Tuning, metric_of
from deltaw.models.contents import rows_an_epoch
from deltaw.models.settings import of_model
from deltaw.network import Network
from deltaw.notebook import escape
from deltaw.numbers import amount, number
from deltaw.pages import html as pages
from deltaw.speech import say


def sections(model: Model) -> Iterator[tuple[str, str]]:
    """(heading, HTML) of tuning and learning."""
    if model.tuning is not None:
        yield say("Tuning"), _tuned(model.tuning)
    if len(model.history):  # not after Ctrl-C in the first epoch
        yield say("Learning"), _learning(model)


def _tuned(tuning: Tuning) -> str:
    """The result, the importance of the settings, and a figure of all candidates."""
    said = "".join(f"<p>{escape(line)}</p>" for line in tuning.statement.splitlines())
    headings, rows = tuning.lines
    if not rows:
        return said
    picture = pages.figure(tuning.plot(), say("validation loss of each candidate by setting"))
    return f"{said}{picture}{pages.table(list(headings), rows, (1, 3, 4, 5))}<p class=soft>{escape(tuning.note)}</p>"


def _learning(model: Model) -> str:
    """The learning curves, and the time."""
    history = model.history
    figure = plots.learning_curves(
        history.loss,
        history.validation_loss,
        loss_name=titled(model.recipe.loss),
        held_out=say("held-out rows" if history.held_out == "folds" else f"{history.held_out} rows"),
        score=history.score,
        score_name=metric_of(model.recipe.metric, model.task).title,
        best=history.best_epoch,
    )
    return pages.figure(figure, say("loss and score against epochs")) + _learning_note(model)


def _learning_note(model: Model) -> str:
    history = model.history
    seconds = sum(history.seconds)  # 0 for a loaded model
    rate = rows_an_epoch(model) * len(history) / seconds if seconds > 0 else 0
    epochs = amount(len(history), "epoch")
    if seconds > 0:
        shown = {"epochs": epochs, "seconds": number(seconds, 3), "rate": rate}
        epochs = say("{epochs} in {seconds} s, {rate:,.0f} samples a second", **shown)
    endings = {
        "early stopping": say("; early stopping"),
        "interrupted": say("; interrupted"),
    }
    return f"<p class=soft>{epochs}{endings.get(history.ended, '')}{say('.')}</p>"


def network(model: Model) -> str:
    """The layers; of several networks, of each different one."""
    kinds = {network.summary(): network for network in model.members}
    counts = [sum(other.summary() == kind for other in model.members) for kind in kinds]
    said = [say("{n} networks of these layers:", n=count) for count in counts]
    notes = [f"<p class=soft>{each}</p>" if model.others else "" for each in said]
    return "".join(note + _layers(network) for note, network in zip(notes, kinds.values(), strict=True))


def _layers(network: Network) -> str:
    cells = [
        [say("layer {l}", l=l + 1), f"{n_in:,} → {n_out:,}", f, f"{n_in * n_out + (n_out if bias else 0):,}"]
        for l, (n_in, n_out, f, bias) in enumerate(
            zip(network.sizes[:-1], network.sizes[1:], network.activations, network.bias, strict=True)
        )
    ]
    return pages.table(["", say("units"), say("activation"), say("parameters")], cells, numbers={3})


def settings(model: Model) -> str:
    """All settings, the seed, the engine and versions."""
    origin = model.origin
    beside = {"seed": origin.seed, "engine": origin.engine, **origin.versions}
    settings = {"recipe": model.recipe.name, **of_model(model), **beside}
    items = (f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in settings.items())
    return f"<dl class=list>{''.join(items)}</dl>"
