"""The report of a training: one HTML file that stands alone, with its figures and styles inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltaw import files, plots
from deltaw.equations.losses import titled
from deltaw.exceptions import InputError
from deltaw.models import GUESS, Model, Scores, Tuning, metric_of, worst
from deltaw.models.scoring.dependence import Dependence
from deltaw.models.scoring.importance import Importance, some
from deltaw.network import Network
from deltaw.notebook import escape
from deltaw.numbers import amount, number
from deltaw.pages import html as pages
from deltaw.plots import curves
from deltaw.speech import listed, reads, say, spoken

if TYPE_CHECKING:
    from deltaw.preparation import Preparation, Target

MAX_PER_CLASS = 60  # classes that the precision-and-recall figure can show
FEWEST_CALIBRATED = 100  # rows: of fewer, shares of tenths say nothing
MAX_WORST = 12  # rows
MAX_WORST_PICTURES = 24
MAX_COLUMNS = 200  # rows of the table of columns
# Columns that are permuted, how often, and how many rows times columns: a second or two.
MAX_WORTHS, REPEATS, MAX_PERMUTED, FEWEST_PERMUTED, MOST_PERMUTED = 200, 3, 60_000, 300, 2_000
MAX_DEPENDENCES = 6  # columns
MAX_LINES = 4  # classes in a figure of these
MAX_SHOWN_INPUTS = 7  # raw columns shown of each of the worst answers

# What only a report has: tiles with scores, figures side by side, the list of settings.
STYLE = """
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 1rem; margin: 1.4rem 0 0; }
.tile { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 0.9rem 1.1rem; }
.tile b { display: block; font-size: 1.9rem; line-height: 1.2; font-weight: 650; color: var(--accent);
  font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 0.86rem; display: block; }
.row { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-start; } .row figure { flex: 0 1 auto; }
.list { columns: 22rem; font-size: 0.88rem; margin: 0; } .list div { display: flex; gap: 0.8rem; break-inside: avoid;
  border-bottom: 1px solid var(--line); padding: 0.28rem 0; } .list dt { color: var(--soft); flex: 0 0 9.5rem; }
.list dd { margin: 0; overflow-wrap: anywhere; }
"""


def write(path: str | Path, model: Model, rows: str = "") -> None:
    """Write the report of a model to `path`, whole or not at all; see `html`. Raises OutputError."""
    files.write_bytes(path, html(model, rows).encode())


def html(model: Model, rows: str = "") -> str:
    """The report of a model as an HTML page.

    Right after `deltaw.fit` it shows curves, the worst answers, and what the columns are worth; a model that was loaded
    no longer has the rows for that. With the `scores` and `held_out` of other rows put into it, it is about those.

    Args:
        model: the model.
        rows: what was scored, where it is not the rows that were set apart in training.
    """
    title = say("{name} of {source}", name=model.target.name, source=model.origin.source)
    sections = "".join(pages.section(heading, body) for heading, body in _sections(model) if body)
    return pages.page(title, f"{_headline(model, rows)}\n{sections}", spoken(), style=STYLE)


def _sections(model: Model) -> Iterator[tuple[str, str]]:
    scores, history = model.scores, model.history
    if scores is not None:
        yield say("More scores"), _scores(scores, model.recipe.metric)
    if scores is not None and scores.confusion is not None:
        yield say("What was taken for what"), _confusion(scores)
    if scores is not None and scores.outcome is not None:
        outcome = scores.outcome
        if outcome.probabilities is None:
            figure = plots.predicted_against_true(outcome.truth, outcome.predicted, model.target.name)
            drawn = pages.figure(figure, say("answers against the truth, and how far off they are"))
            figure = curves.residuals(outcome.truth, outcome.predicted, model.target.name)
            yield say("Answers"), drawn + pages.figure(figure, say("how far off the answers are, by the answer"))
        else:
            yield say("Wherever the line is drawn"), _thresholds(scores, model.target)
        if outcome.probabilities is not None and len(outcome.truth) >= FEWEST_CALIBRATED:
            figure = plots.calibration(outcome.probabilities, outcome.truth, outcome.weight)
            yield (
                say("Is it as sure as it may be?"),
                pages.figure(figure, say("how often it was right against how sure it was")),
            )
        yield say("The worst answers"), _worst(model, scores)
    asked = model.witness or model  # the network itself may have learnt from the rows
    if (found := _importance(asked)) is not None:
        yield say("What the columns are worth"), _worth(found, model.witness is not None)
        yield say("How the answer goes with a column"), _dependences(asked, found)
    if model.tuning is not None and (found_by := _tuned(model.tuning)):
        yield say("What tuning tried"), found_by
    if len(history):  # not where Ctrl-C came in the first epoch
        figure = plots.learning_curves(
            history.loss,
            history.validation_loss,
            loss_name=titled(model.recipe.loss),
            held_out=say("rows held out" if history.held_out == "folds" else f"{history.held_out} rows"),
            score=history.score,
            score_name=metric_of(model.recipe.metric, model.task).title,
            best=history.best_epoch,
        )
        yield say("Learning"), pages.figure(figure, say("loss and score against epochs")) + _learning_note(model)
    yield say("Columns"), _columns(model.preparation)
    yield say("Network"), _network(model)
    yield say("Settings"), _settings(model)


# --- parts ----------------------------------------------------------------------------------------------------------


def _headline(model: Model, rows: str) -> str:
    origin, recipe = model.origin, model.recipe
    if rows:
        scored = say("scored on {rows}", rows=rows)
    elif model.scores is None:
        scored = say("scored on no rows")
    else:
        scored = say("scores: {scored}", scored=origin.scored(model.scores.rows))
    chosen = ", its best weights chosen by {n:,} more"
    if model.history.finish:
        chosen = ", its best weights chosen by {n:,} more, from which it learnt in the end"
    more = say(chosen, n=origin.validation_rows) if origin.validation_rows else ""
    trained = say(
        "{networks}, trained by the recipe <code>{recipe}</code> on {rows:,} rows{more}; {scored}{counted}.",
        networks=_networks(model), recipe=escape(recipe.name), rows=origin.training_rows, more=more,
        scored=escape(scored), counted="" if model.scores is None else escape(model.scores.counted),
    )  # fmt: skip
    source = say("of {source}", source=escape(origin.source))
    name = f"{escape(model.target.name)} <span class=soft>{source}</span>"
    lead = f"<h1>{name}</h1><p class=soft>{trained}</p>"
    if model.scores is None:
        return lead
    tiles = "".join(
        f"<div class=tile><span>{metric.title}</span><b>{metric.show(model.scores[metric.name])}</b>"
        f"<span>{_between(model.scores.show_interval(metric))}</span>"
        f"<span>{say(GUESS[model.task])}{say(': ')}{metric.show(model.scores.baseline[metric.name])}</span></div>"
        for metric in model.scores.leading(model.recipe.metric)
    )
    return f"{lead}<div class=tiles>{tiles}</div>"


def _networks(model: Model) -> str:
    count, parameters = len(model.members), sum(network.parameter_count for network in model.members)
    if count == 1:
        return say("A network of {n:,} parameters", n=parameters)
    return say("{count} networks, whose mean answers, of {n:,} parameters together", count=count, n=parameters)


def _between(interval: str) -> str:
    return f"95 %{say(': ')}{interval}" if interval else ""


def _scores(scores: Scores, named: str | None) -> str:
    """Those that are on no tile."""
    cells = [
        [m.title, m.show(scores[m.name]), scores.show_interval(m), m.show(scores.baseline[m.name])]
        for m in scores.defined
        if m not in scores.leading(named)
    ]
    note = say(
        "The interval says where other rows like these would have the score 95 times in 100, by drawing these "
        "{rows:,} anew; there is none where all draws score the same.",
        rows=scores.rows,
    )
    headings = ["", say("the network"), say("95 % interval"), say(GUESS[scores.task])]
    return f"{pages.table(headings, cells, (1, 2, 3))}<p class=soft>{note}</p>" if cells else ""


def _thresholds(scores: Scores, target: Target) -> str:
    """How classes are told apart wherever the line between them is drawn."""
    assert scores.outcome is not None
    truth, p, classes = scores.outcome.truth, scores.outcome.shares, scores.classes
    weight = scores.outcome.weight
    if len(np.unique(truth)) < 2:
        return ""
    drawn = pages.figure(curves.roc(truth, p, classes, weight), say("ROC curves"))
    drawn += pages.figure(curves.precision_recall(truth, p, classes, weight), say("precision against recall"))
    if len(classes) == 2:
        figure = curves.thresholds(truth == 1, p[:, 1], classes[1], target.threshold or 0.5, weight)
        drawn += pages.figure(figure, say("precision, recall and F1 against the threshold"))
    rule = f"<p class=soft>{say('The answer is {rule}.', rule=escape(target.rule))}</p>" if target.rule else ""
    return f"{rule}<div class=row>{drawn}</div>"


def _tuned(tuning: Tuning) -> str:
    """What came of it, what mattered, and each candidate in a figure."""
    said = "".join(f"<p>{escape(line)}</p>" for line in tuning.statement.splitlines())
    headings, rows = tuning.lines
    if not rows:
        return said
    picture = pages.figure(tuning.plot(), say("how bad each candidate was against each setting"))
    return f"{said}{picture}{pages.table(list(headings), rows, (1, 3, 4, 5))}<p class=soft>{escape(tuning.note)}</p>"


def _worth(found: Importance, by_witness: bool) -> str:
    """The columns by what they are worth; `found` are the same numbers as those of `Model.importance`."""
    shown = found.columns[: curves.MAX_BARS]
    figure = curves.importance(
        [reads(each.column) for each in shown], [each.drop for each in shown], [each.interval for each in shown],
        found.metric.title,
    )  # fmt: skip
    cells = [[reads(each.column), found.show(each), found.show_interval(each)] for each in shown]
    more = len(found.columns) - len(shown)
    title = found.metric.title
    note = say(
        "How much worse the {title} of {rows:,} rows gets where the cells of a column change rows at random, others "
        "staying as they are (mean of {repeats} times). Of columns that say the same, each can stand in for the "
        "others.",
        title=title, rows=found.rows, repeats=found.repeats,
    )  # fmt: skip
    note += say(" … and {n:,} more columns.", n=more) if more else ""
    note += say(" Told by a network of the first fold, to which these rows were new.") if by_witness else ""
    headings = [say("column"), say("{title} worse by", title=title), say("95 % interval")]
    table = pages.table(headings, cells, (1, 2))
    picture = pages.figure(figure, say("what each column is worth"))
    return f"<p class=soft>{escape(note)}</p><div class=row>{picture}{table}</div>"


def _dependences(model: Model, found: Importance) -> str:
    """How the answer goes with the columns that are worth most."""
    assert model.held_out is not None
    names = [each.column for each in found.columns[:MAX_DEPENDENCES]]
    known = [each for each in (model.dependence(model.held_out, name) for name in names) if each is not None]
    if not known:
        return ""
    chosen = _lines(model, known)
    answers = [each.answers if chosen is None else each.answers[:, chosen] for each in known]
    low, high = min(map(np.min, answers)), max(map(np.max, answers))
    pad = 0.06 * (high - low) or 1.0
    what = model.target.name if chosen is None else say("probability")
    names = [] if chosen is None else [str(model.classes[k]) for k in chosen]
    if len(names) == 1:
        what, names = say("probability of {name}", name=names[0]), []
    drawn = "".join(
        pages.figure(
            curves.dependence(each.column, each.kind, each.cells, y, plots.short(what), (low - pad, high + pad), names),
            say("the mean answer against {column}", column=each.column),
        )
        for each, y in zip(known, answers, strict=True)
    )
    note = say("The mean answer where all rows are given the same cell in one column and keep the others.")
    return f"<p class=soft>{note}</p><div class=row>{drawn}</div>"


def _lines(model: Model, known: list[Dependence]) -> list[int] | None:
    """Which classes have a line: of two the second, of many those that move most; None for numbers."""
    if model.task == "regression":
        return None
    if len(model.classes) == 2:
        return [1]
    moved = np.max([np.ptp(each.answers, axis=0) for each in known], axis=0)
    return sorted(np.argsort(-moved, kind="stable")[:MAX_LINES].tolist())


def _importance(model: Model) -> Importance | None:
    """What the columns are worth on some of the rows held out; None where they are not known, or one or too many."""
    if model.held_out is None or not 2 <= len(model.preparation.steps) <= MAX_WORTHS:
        return None
    most = max(FEWEST_PERMUTED, min(MOST_PERMUTED, MAX_PERMUTED // len(model.preparation.steps)))
    rows = model.held_out[some(len(model.held_out), most, 0)]
    try:
        return model.importance(rows, repeats=REPEATS)
    except InputError:  # a score that these rows do not define
        return None


def _confusion(scores: Scores) -> str:
    assert scores.confusion is not None
    pairs = [
        (int(scores.confusion[t, o]), scores.classes[t], scores.classes[o])
        for t, o in np.argwhere(scores.confusion > 0)
        if t != o
    ]
    if not pairs:
        note = say("Not one mistake.")
    else:
        most = sorted(pairs, key=lambda pair: -pair[0])[:3]
        taken = [say("{t} taken for {o} ({n:,})", t=escape(str(t)), o=escape(str(o)), n=n) for n, t, o in most]
        note = say("Most often: {taken}.", taken=listed(taken))
    figures = pages.figure(plots.confusion(scores.confusion, scores.classes), say("confusion matrix"))
    if len(scores.classes) <= MAX_PER_CLASS:
        each = plots.per_class(scores.precision, scores.recall, scores.classes)
        figures += pages.figure(each, say("precision and recall of each class"))
    return f"<p class=soft>{note}</p><div class=row>{figures}</div>"


def _worst(model: Model, scores: Scores) -> str:
    """Pictures where the inputs are one, else a table of the rows."""
    assert scores.outcome is not None
    if model.held_out is None:
        return ""
    shape = model.picture
    chosen = worst(scores.outcome, MAX_WORST if shape is None else MAX_WORST_PICTURES)
    if not len(chosen):
        return f"<p>{say('Every answer was right.')}</p>"
    rows = model.held_out[chosen]
    if shape is not None:
        images = rows[list(shape.columns)].to_numpy().astype(float).reshape(len(chosen), *shape.shape)
        verdicts = _verdicts(model, scores, chosen)
        captions = [say("{t}, said {o} ({sure})", t=t, o=o, sure=sure) for t, o, sure in verdicts]
        return pages.figure(plots.pictures(images, captions), say("the worst answers as pictures"))
    known = [name for name in model.preparation.input_names[:MAX_SHOWN_INPUTS] if name in rows.columns]
    headings = [say("truth"), say("answer"), say("sure" if model.task == "classification" else "off by"), *known]
    cells = [
        [*verdict, *(_cell(value) for value in row)]
        for verdict, row in zip(_verdicts(model, scores, chosen), rows[known].rows(), strict=True)
    ]
    more = len(model.preparation.input_names) - len(known)
    return pages.table(headings, cells) + _more(more)


def _verdicts(model: Model, scores: Scores, rows: Iterable[int]) -> list[list[str]]:
    """Truth, answer, and how sure or how far off: three texts for each row."""
    assert scores.outcome is not None
    truth, predicted, probabilities = scores.outcome.truth, scores.outcome.predicted, scores.outcome.probabilities
    if probabilities is None:
        return [[_cell(truth[i]), _cell(predicted[i]), _cell(predicted[i] - truth[i])] for i in rows]
    return [
        [str(model.classes[truth[i]]), str(model.classes[predicted[i]]), f"{probabilities[i, predicted[i]]:.0%}"]
        for i in rows
    ]


def _learning_note(model: Model) -> str:
    history = model.history
    seconds = sum(history.seconds)  # none in a model that was loaded
    rate = model.rows_an_epoch * len(history) / seconds if seconds > 0 else 0
    epochs = amount(len(history), "epoch")
    if seconds > 0:
        shown = {"epochs": epochs, "seconds": number(seconds, 3), "rate": rate}
        epochs = say("{epochs} in {seconds} s, {rate:,.0f} samples a second", **shown)
    endings = {
        "early stopping": say("; ended early, for want of progress"),
        "interrupted": say("; interrupted"),
    }
    return f"<p class=soft>{epochs}{endings.get(history.ended, '')}{say('.')}</p>"


def _columns(preparation: Preparation) -> str:
    described = preparation.describe()
    cells = [
        [column, kind, treatment, f"{features:,}"] for column, kind, treatment, features in described[:MAX_COLUMNS]
    ]
    headings = [say("column"), say("kind"), say("what is done with it"), say("features")]
    return pages.table(headings, cells, numbers={3}) + _more(len(described) - len(cells))


def _more(columns: int) -> str:
    return f"<p class=soft>{say('… and {n:,} more columns.', n=columns)}</p>" if columns > 0 else ""


def _network(model: Model) -> str:
    """The layers; of several networks those of each kind."""
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


def _settings(model: Model) -> str:
    origin = model.origin
    settings = {name: value for name, value in model.recipe.document().items() if value is not None}
    settings |= {"seed": origin.seed, "engine": origin.engine, **origin.versions}
    items = (f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in settings.items())
    return f"<dl class=list>{''.join(items)}</dl>"


def _cell(value: Any) -> str:
    if value is None:
        return say("missing")
    text = str(value)
    if isinstance(value, (float, np.floating)) and np.isfinite(value):
        text = number(float(value))
    return text if len(text) <= 40 else text[:39] + "…"
