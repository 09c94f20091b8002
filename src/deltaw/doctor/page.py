"""A diagnosis as a document: findings with evidence and repair, figures, and the layers' statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial, reduce
from typing import Any

import numpy as np

from deltaw.doctor import figures
from deltaw.doctor.commands import code, joint_code
from deltaw.doctor.evidence.during import During
from deltaw.doctor.evidence.start import Start
from deltaw.doctor.examine import Examined
from deltaw.doctor.findings import Finding
from deltaw.doctor.repair import Repaired
from deltaw.doctor.rules.table import BY_NAME
from deltaw.doctor.setup import Setup
from deltaw.network import Network
from deltaw.numbers import amount, number
from deltaw.pages import Block, Figure, Page, Section, Table, Text
from deltaw.pages.numbers import plain
from deltaw.speech import listed, say

MOST_EVIDENCE = 8  # numbers shown per finding; JSON has all
MOST_LAYERS = 30  # rows of the table of layers
HYPHENATED = "non finite", "train test", "one hot", "over regularised"  # in the names of rules


def page(diagnosis: Examined) -> Page:
    """The diagnosis as a page; see `deltaw.pages.Page`."""
    causes, consequences, notes = _by_kind(diagnosis)
    sections = [_finding(finding, diagnosis.setup) for finding in causes]
    if consequences:
        sections.append(Section(say("Consequences"), [Text(_consequence(finding)) for finding in consequences]))
    if notes:
        texts = [Text(say("{title}. {cause}", title=title(note.rule), cause=note.cause)) for note in notes]
        sections.append(Section(say("Notes"), texts))
    if drawn := list(_figures(diagnosis)):
        sections.append(Section(say("Observations"), drawn))
    before, during = diagnosis.evidence.before, diagnosis.evidence.during
    saved = during is not None and during.saved
    layers = during.end if during is not None and saved else before.start if before is not None else None
    if layers is not None:
        when = say("as it was saved") if saved else say("before the first step")
        sections.append(Section(say("Layer by layer, {when}", when=when), [_layers(layers, diagnosis.setup.network)]))
    heading = say("The doctor's examination") if diagnosis.healthy else say("Why does it not learn?")
    return Page(heading, _lead(diagnosis), sections, data(diagnosis))


def _by_kind(diagnosis: Examined) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """(causes, findings that others explain, notes)."""
    worse = [finding for finding in diagnosis.findings if finding.severity != "note"]
    return (
        [finding for finding in worse if not finding.because_of],
        [finding for finding in worse if finding.because_of],
        [finding for finding in diagnosis.findings if finding.severity == "note"],
    )


def _consequence(finding: Finding) -> str:
    causes = listed(title(name).lower() for name in finding.because_of)
    return say(
        "{title} ({severity}; explained by {causes}). {cause}",
        title=title(finding.rule), severity=say(str(finding.severity)), causes=causes, cause=finding.cause,
    )  # fmt: skip


def title(rule: str) -> str:
    """A rule's name as a heading."""
    return say(in_words(rule))


def in_words(rule: str) -> str:
    """ "unscaled_inputs" -> "Unscaled inputs"."""
    words = rule.replace("_", " ")
    return reduce(lambda text, pair: text.replace(pair, pair.replace(" ", "-")), HYPHENATED, words).capitalize()


def line(diagnosis: Examined) -> str:
    """The diagnosis in one line; "" if there is neither fault nor risk."""
    worse = [finding for finding in diagnosis.findings if finding.severity != "note"]
    if not worse:
        return ""
    first, more = worse[0], len(worse) - 1
    rest = say(" ({n} more finding)" if more == 1 else " ({n} more findings)", n=more) if more else ""
    return say(
        "{severity}, {title}: {cause}{rest}",
        severity=say(str(first.severity)), title=title(first.rule).lower(), cause=first.cause, rest=rest,
    )  # fmt: skip


def data(diagnosis: Examined) -> dict[str, Any]:
    """The diagnosis as JSON data."""
    setup, during = diagnosis.setup, diagnosis.evidence.during
    content: dict[str, Any] = {
        "healthy": diagnosis.healthy,
        "findings": [_document(finding, setup) for finding in diagnosis.findings],
        "network": {"sizes": list(setup.network.sizes), "activations": list(setup.network.activations)},
        "watched": None,
    }
    if during is not None:
        content["watched"] = {
            "loss": list(during.loss),
            "guess_error": during.guess_error,
            "measure": during.measure,
            "scored": "training rows" if during.setup.held_out is None else "held-out rows",
            "skill": during.skill,
            "possible": during.possible,
            "looks": [asdict(look) for look in during.looks],
        }
    return content


def repair_data(repaired: Repaired, setup: Setup) -> dict[str, Any]:
    """Repairs that were tried on a set-up, as JSON data."""
    content: dict[str, Any] = plain(
        {
            "helped": repaired.helped,
            "kept": [_document(finding, setup) for finding in repaired.kept],
            "dropped": [finding.rule for finding in repaired.dropped],
            "changes": repaired.changes,
            **asdict(joint_code(repaired.kept, setup)),
            "before": list(repaired.before),
            "after": list(repaired.after),
            "guess": repaired.guess,
            "measure": repaired.measure,
            "short": repaired.short,
        }
    )
    return content


def repair_words(repaired: Repaired, setup: Setup) -> str:
    """Repairs that were tried on a set-up, as text: the result, and the options or code that make them."""
    as_code = joint_code(repaired.kept, setup)
    ways = {say("options of deltaw train"): as_code.command, say("in Python"): as_code.python}
    said = [say("{way}: {line}", way=way, line=line) for way, line in ways.items() if line]
    return "\n".join([str(repaired), *said])


def _document(finding: Finding, setup: Setup) -> dict[str, Any]:
    rule, where, repair = BY_NAME.get(finding.rule), finding.where, finding.repair
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "likelihood": finding.likelihood,
        "cause": finding.cause,
        "where": None if where is None else {key: value for key, value in asdict(where).items() if value is not None},
        "evidence": dict(finding.evidence),
        "repair": None
        if repair is None
        else {"words": repair.words, "changes": dict(repair.changes), **asdict(code(finding, setup))},
        "because_of": list(finding.because_of),
        "reason": None if rule is None else rule.reason,
        "source": None if rule is None else rule.source,
    }


def _scored_on(during: During) -> str:
    """The rows that scores are of, in words."""
    held_out = during.setup.held_out
    if held_out is not None and during.contaminated:
        each = (
            "{n:,} rows that this training did not use" if during.scored_by_retrained else "{n:,} of the training rows"
        )
        return say(each, n=len(held_out[1]))
    if held_out is None:
        return say(
            "the {n:,} training rows, since there are no others: on new rows it may be different", n=len(during.setup.T)
        )
    return say("{n:,} rows used neither for training nor for choosing", n=len(held_out[1]))


def _lead(diagnosis: Examined) -> str:
    setup, during = diagnosis.setup, diagnosis.evidence.during
    causes, consequences, notes = _by_kind(diagnosis)
    faults = sum(finding.severity == "fault" for finding in causes)
    counts = {"fault": faults, "risk": len(causes) - faults, "consequence": len(consequences), "note": len(notes)}
    found = listed(amount(n, name) for name, n in counts.items() if n)
    if diagnosis.evidence.refusal is not None:
        seen = say("deltaw.train does not begin")
    elif during is None:
        seen = say("examined before training only")
    else:
        went = say("no better than the same answer for all rows")
        if during.skill > 0:
            went = say("skill {skill:.0%} (0%: the same answer for all rows, 100%: perfect)", skill=during.skill)
        how = say("as it was saved") if during.saved else say("trained for this examination")
        how = say("trained again with its settings, since it has seen every row") if during.scored_by_retrained else how
        others = "{how}: {went}; the best network tried on these rows {possible:.0%}, by {measure} on {rows}"
        none = "{how}: {went}, as are all others tried on these rows, by {measure} on {rows}"
        seen = say(
            others if during.possible > 0 else none,
            how=how, went=went, possible=during.possible, measure=say(during.measure), rows=_scored_on(during),
        )  # fmt: skip
    units, found = " → ".join(map(str, setup.network.sizes)), found.capitalize() or say("No problem found")
    return say("{units} units, {seen}. {found}.", units=units, seen=seen, found=found)


def _finding(finding: Finding, setup: Setup) -> Section:
    blocks: list[Block] = [Text(finding.cause)]
    shown = {key: value for key, value in finding.evidence.items() if _is_plain(value)}
    if shown:
        rows = [[say(key.replace("_", " ")), value] for key, value in list(shown.items())[:MOST_EVIDENCE]]
        blocks.append(Table((say("evidence"), ""), rows, digits=4))
    repair = finding.repair
    if repair is not None:
        as_code = code(finding, setup)
        blocks.append(Text(say("Repair: {words}.", words=repair.words)))
        blocks += [Text(say("Option: `{command}`", command=as_code.command))] if as_code.command else []
        blocks += [Text(say("In Python: `{python}`", python=as_code.python))] if as_code.python else []
    rule = BY_NAME.get(finding.rule)
    if rule is not None:
        blocks.append(Text(say("Why: {reason}", reason=say(rule.reason))))
    where = str(finding.where) if finding.where is not None else ""
    place = listed(filter(None, [say(str(finding.severity)), where]))
    return Section(say("{title} ({place})", title=title(finding.rule), place=place), blocks)


def _is_plain(value: Any) -> bool:
    """Whether it is a string or a number other than NaN."""
    return isinstance(value, (str, bool, int, float, np.integer, np.floating)) and value == value


def _figures(diagnosis: Examined) -> Iterator[Figure]:
    evidence, names = diagnosis.evidence, diagnosis.setup.network.activations
    during, start = evidence.during, None if evidence.before is None else evidence.before.start
    if during is not None:
        yield from _of_training(during, diagnosis)
    lengths = {} if start is None or not np.isfinite(start.gradient).any() else {say("before training"): start.gradient}
    if during is not None and during.looks:
        lengths |= {say("at the end"): during.looks[-1].gradient}
    if lengths and len(names) > 1:
        yield Figure(
            partial(figures.gradients, lengths, names),
            say("length of the gradient by layer"),
            say("‖∂E/∂W‖ of the mean E over some rows, from the first layer to the last: {ends}.", ends=_ends(lengths)),
        )
    if start is not None:
        yield from _curve(start, None if during is None else during.end, names)


def _of_training(during: During, diagnosis: Examined) -> Iterator[Figure]:
    """Figures of the training: E by epoch, E by learning rate, saturation."""
    if len(during.loss):
        faults = [f for f in _by_kind(diagnosis)[0] if f.severity == "fault" and f.where is not None]
        marks = {f.where.epoch: title(f.rule).lower() for f in faults if f.where and f.where.epoch is not None}
        curve = partial(
            figures.loss, during.loss, during.guess_error, marks, during.trainings[0].history.validation_loss
        )
        first, last, guess = (number(E, 3) for E in (during.loss[0], during.loss[-1], during.guess_error))
        ends = say("{first} in the first, {last} in the last", first=first, last=last)
        one_answer = say("; the best answer that is the same for all rows has {guess_error}", guess_error=guess)
        known = one_answer if np.isfinite(during.guess_error) else ""
        yield Figure(curve, say("E by epoch"), say("E of each epoch: {ends}{known}.", ends=ends, known=known))
    if (s := during.sweep) is not None:
        lowest, highest, used, best = (number(rate, 3) for rate in (s.rates[0], s.rates[-1], s.used, s.best))
        yield Figure(
            partial(figures.rates, s.rates, s.errors, s.used, s.best, s.stable, s.bound),
            say("E at the end by learning rate"),
            say(
                "Copies of the network, trained equally long at learning rates from {rate} to {highest}: {used} is "
                "in use, {best} learns most.", rate=lowest, highest=highest, used=used, best=best,
            ),
        )  # fmt: skip
    if during.looks:
        yield Figure(
            partial(figures.saturation, during.saturation, diagnosis.setup.network.activations),
            say("share of saturated signals by layer and epoch"),
            say(
                "1 on the scale: all signals of a layer lie where its activation is flat; 0: none.{flattest}",
                flattest=_flattest(during),
            ),
        )


def _flattest(during: During) -> str:
    """ " At the end most in layer 2: 45%."."""
    last = during.saturation[-1]
    if np.isnan(last).all():
        return ""
    return say(
        " Most at the end: layer {layer}, {share:.0%}.",
        layer=int(np.nanargmax(last)) + 1,
        share=np.nanmax(last),
    )


def _ends(lengths: Mapping[str, Any]) -> str:
    """ "before training from 0.1 to 3; at the end from …"."""
    return "; ".join(
        say(
            "{when} from {first} to {last}",
            when=when,
            first=number(float(values[0]), 3),
            last=number(float(values[-1]), 3),
        )
        for when, values in lengths.items()
    )


def _curve(start: Start, end: Start | None, names: list[str]) -> Iterator[Figure]:
    """z of the most saturated layer on the curve of its activation."""
    worst = np.maximum(start.saturated, 0.0 if end is None else end.saturated)
    layer = int(np.argmax(worst))
    if not np.isfinite(start.z[layer]).any():
        return
    after = None if end is None else end.z[layer]
    yield Figure(
        partial(figures.signals, start.z[layer], names[layer], layer, after),
        say("histogram of z of layer {layer} over {name}", layer=layer + 1, name=names[layer]),
        say("Layer {layer} has the most signals where f is flat: {worst:.0%}.", layer=layer + 1, worst=worst[layer]),
    )


def _layers(s: Start, net: Network) -> Table:
    rows = [
        [
            l + 1,
            f"{n_in} → {n_out} {name}",
            s.weight[l],
            s.z_rms[l],
            s.spread[l],
            s.saturated[l],
            int(s.dead[l]),
            s.gradient[l],
        ]
        for l, (n_in, n_out, name) in enumerate(zip(net.sizes[:-1], net.sizes[1:], net.activations, strict=True))
    ]
    headings = (say("layer"), say("units"), "W", "z", say("between rows"), say("saturated"), say("dead"), "‖∂E/∂W‖")
    caption = say(
        "W, z: root mean square. Between rows: how far outputs differ from row to row. Saturated: share "
        "of the signals where f is flat. Dead: units that are flat for every row."
    )
    if len(rows) > MOST_LAYERS:
        caption += say(" The first {most_layers} of {n} layers.", most_layers=MOST_LAYERS, n=len(rows))
    return Table(headings, rows[:MOST_LAYERS], caption, digits=3)
