"""A training step as a document: signals, error, backward pass, ΔW, and the error after it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltaw.equations.losses import fused, titled
from deltaw.explain import notation as n
from deltaw.explain.largest import Pick, pick
from deltaw.explain.passes import Forward, Update
from deltaw.numbers import number
from deltaw.pages import Block, Formula, Page, Section, Table, Text
from deltaw.speech import say

# The sizes up to which a layer is written out as sums, and as matrices.
SUMS_OUT, SUMS_IN, MATRIX = 6, 8, 4
TERMS = 3  # of a long sum on one line
WHOLE = 4096  # weights of a layer that JSON gives one by one; of more the largest only

RULE_NAMES = {"gradient": "the chain rule", "notes": "the notes' rule"}


def of_step(step: Update) -> Page:
    """The page of a step."""
    lead = say(
        "{network}. Loss {loss}, α = {alpha}, backward by {rule}. This step takes E from {before} to {after}.",
        network=step.network.summary(), loss=titled(step.loss.name), alpha=number(step.alpha),
        rule=say(RULE_NAMES[step.rule]), before=number(step.E), after=number(step.E_after),
    )  # fmt: skip
    title = say("One step of a {sizes} network", sizes="-".join(map(str, step.network.sizes)))
    return Page(title, lead, [*signal_sections(step), *learning_sections(step)], document(step))


def of_signals(signals: Forward) -> Page:
    """The page of a forward pass alone."""
    title = say("Signals through a {sizes} network", sizes="-".join(map(str, signals.network.sizes)))
    return Page(
        title, say("{network}.", network=signals.network.summary()), signal_sections(signals), signals_document(signals)
    )


def document(step: Update) -> dict[str, Any]:
    """All numbers of a step for JSON; matrices of more than WHOLE weights as their largest changes."""
    data = signals_document(step)
    for layer, entry in zip(step.layers, data["layers"], strict=True):
        l = layer - 1
        entry |= {
            "split_error": step.split[l], "dE_do": step.sent[l], "delta": step.delta[l], "dE_db": step.db[l],
            "change_b": step.change_b[l], "b_after": step.after.b[l],
        }  # fmt: skip
        matrices = {"W": step.W[l], "dE_dW": step.dW[l], "change_W": step.change_W[l], "W_after": step.after.W[l]}
        if step.W[l].size <= WHOLE:
            entry |= matrices
        else:
            places = pick(step.change_W[l]).places
            entry["largest_links"] = [
                {"to": k, "of": j} | {name: array[k, j] for name, array in matrices.items()} for k, j in places
            ]
    return data | {
        "t": step.t, "e": step.e, "loss": step.loss.name, "learning_rate": step.alpha, "backward": step.rule,
        "E": step.E, "o_after": step.after.o[-1], "E_after": step.E_after,
    }  # fmt: skip


def signals_document(signals: Forward) -> dict[str, Any]:
    """The signals for JSON."""
    layers: list[dict[str, Any]] = [
        {
            "layer": layer, "activation": signals.activation(layer).name, "b": signals.b[layer - 1],
            "z": signals.z[layer - 1], "o": signals.o[layer - 1], "slope": signals.slope(layer),
        }
        for layer in signals.layers
    ]  # fmt: skip
    return {"inputs": signals.inputs, "outputs": signals.outputs, "x": signals.x, "layers": layers}


# --- signals --------------------------------------------------------------------------------------------------------


def signal_sections(signals: Forward) -> list[Section]:
    """z and o, layer by layer: as sums, as a matrix product, and as a table."""
    return [
        Section(say("Layer {layer}: {size}", layer=layer, size=_size(signals, layer)), _signal_blocks(signals, layer))
        for layer in signals.layers
    ]


def _size(signals: Forward, layer: int) -> str:
    n_out, n_in = signals.W[layer - 1].shape
    name = signals.activation(layer).name.replace("_", " ")
    return say("{n_in:,} → {n_out:,}, {activation}", n_in=n_in, n_out=n_out, activation=name)


def _signal_blocks(signals: Forward, layer: int) -> list[Block]:
    l = layer - 1
    z, o, a = signals.z[l], signals.o[l], signals.a[l]
    n_out, n_in = signals.W[l].shape
    blocks: list[Block] = []
    if layer == 1:
        blocks.append(
            Text(
                say(
                    "Each unit forms the weighted sum of its inputs, z = w₀a₀ + w₁a₁ + …; for all units of "
                    "a layer, z = W a + b. It passes o = f(z) to the next layer. Units are counted from 0, "
                    "like the rows and columns of W: row k, column j of W is the weight from unit j to "
                    "unit k."
                )
            )
        )
    if n_out <= SUMS_OUT and n_in <= SUMS_IN:
        blocks.append(Formula(n.equations(line for k in range(n_out) for line in _sum_of(signals, layer, k))))
        if max(n_out, n_in) <= MATRIX:
            blocks.append(Formula(_product_of(signals, layer)))
    else:
        blocks += _largest_sum(signals, layer, int(np.argmax(o if layer == len(signals.z) else np.abs(o))))
    if signals.activation(layer).coupled:
        blocks.append(Formula(_softmax_of(z, o)))
    chosen = pick(o)
    slope = signals.slope(layer)
    headings = [_unit_heading(signals, layer), "z", "o = f(z)", *([] if slope is None else ["f′(z)"])]
    rows = [(signals.unit(layer, k), z[k], o[k], *(() if slope is None else (slope[k],))) for (k,) in chosen.places]
    blocks.append(Table(headings, rows, _more(chosen, say("units"), say("their o"), o)))
    if n_in > 1 and not a.any():
        blocks.append(Text(say("All inputs of this layer are 0: none of its weights gets a gradient.")))
    return blocks


def _sum_of(signals: Forward, layer: int, k: int) -> list[tuple[str | None, str]]:
    """z of one unit as a sum with its numbers, then o."""
    l = layer - 1
    bias = float(signals.b[l][k]) if signals.network.bias[l] else None
    f = signals.activation(layer)
    terms = n.weighted_terms(signals.W[l][k], signals.a[l], bias)
    per_line = TERMS if len(terms) > TERMS + 1 else TERMS + 1
    parts = [" ".join(terms[i : i + per_line]) for i in range(0, len(terms), per_line)]
    parts[-1] += f" = {n.number(signals.z[l][k])}"
    lines: list[tuple[str | None, str]] = [(f"z_{{{k}}}", parts[0]), *((None, part) for part in parts[1:])]
    if not f.coupled:
        lines.append((f"o_{{{k}}}", rf"{n.words(f.name)}({n.number(signals.z[l][k])}) = {n.number(signals.o[l][k])}"))
    return lines


def _product_of(signals: Forward, layer: int) -> str:
    l = layer - 1
    a, plus = ("x" if layer == 1 else "a"), signals.network.bias[l]
    letters = f"W {a} + b" if plus else f"W {a}"
    put = f"{n.matrix(signals.W[l])} {n.matrix(signals.a[l])}" + (f" + {n.matrix(signals.b[l])}" if plus else "")
    return n.equations([("z", letters), ("", put), ("", n.matrix(signals.z[l]))])


def _softmax_of(z: NDArray[Any], o: NDArray[Any]) -> str:
    """The largest output of softmax with its numbers; z are shifted by their maximum."""
    k, top = int(np.argmax(o)), float(z.max())
    total = float(np.exp(z - top).sum())
    formula = r"o_k = \frac{e^{z_k}}{\sum_i e^{z_i}}"
    put = (
        rf"o_{{{k}}} = \frac{{1}}{{\sum_i e^{{z_i - z_{{{k}}}}}}} = \frac{{1}}{{{n.number(total)}}} = {n.number(o[k])}"
    )
    return rf"{formula}, \quad {put}"


def _largest_sum(signals: Forward, layer: int, k: int) -> list[Block]:
    """The terms of one unit's z, largest first; the layer is too wide for all."""
    l = layer - 1
    w, a = signals.W[l][k], signals.a[l]
    chosen = pick(w * a)
    rows = [(signals.unit(l, j), w[j], a[j], w[j] * a[j]) for (j,) in chosen.places]
    parts = [chosen.left_out("{n:,} more {what}, together {rest}", what=say("terms"))]
    parts += [say("the bias adds {b}", b=number(float(signals.b[l][k])))] if signals.network.bias[l] else []
    parts += [say("total z = {z}", z=number(float(signals.z[l][k])))]
    caption = say("; ").join(filter(None, parts)) + say(".")
    last, inner = "The largest output, {label}, as a sum:", "The unit whose o is furthest from 0, {label}, as a sum:"
    return [
        Text(say(last if layer == len(signals.z) else inner, label=signals.unit(layer, k))),
        Table((_unit_heading(signals, l, "from "), "w", "a", "w·a"), rows, caption),
    ]


# --- error and changes ----------------------------------------------------------------------------------------------


def learning_sections(step: Update) -> list[Section]:
    """Everything after the signals."""
    return [
        Section(say("Output and error"), _error_blocks(step)),
        Section(say("Back-propagation of the error"), _back_blocks(step)),
        Section(say("The gradient ∂E/∂w and the change ΔW of every weight"), _weight_blocks(step)),
        Section(say("After the step"), _after_blocks(step)),
    ]


def _error_blocks(step: Update) -> list[Block]:
    o, t, e, last = step.o[-1], step.t, step.e, len(step.z)
    chosen = pick(e)
    rows = [(step.unit(last, k), o[k], t[k], e[k]) for (k,) in chosen.places]
    caption = _more(chosen, say("outputs"), say("their e"), e)
    blocks: list[Block] = [
        Table((_unit_heading(step, last), "o", say("target t"), say("error e = t − o")), rows, caption)
    ]
    formula, loss = n.ERRORS.get(step.loss.name), step.loss
    if not (fused(step.activation(last).name, loss) or loss.defined(o).all()):
        outside = (
            "The logarithm does not exist for outputs outside {low} to {high}: there the error function "
            "{name} continues as a straight line. E = {e}."
        )
        low, high = map(number, loss.domain)
        blocks.append(Text(say(outside, low=low, high=high, name=loss.name, e=number(step.E))))
    elif formula is None:
        blocks.append(Text(say("With the error function {name}, E = {e}.", name=loss.name, e=number(step.E))))
    else:
        blocks.append(Formula(f"E = {formula} = {n.number(step.E)}"))
    return blocks


def _back_blocks(step: Update) -> list[Block]:
    hidden = range(len(step.z) - 1, 0, -1)
    blocks: list[Block] = [_output_delta(step)]
    if hidden:
        blocks.append(
            Text(
                say(
                    "To earlier layers the notes send back the error itself, split over the links: "
                    "e_hidden = Wᵀe. The chain rule sends back Wᵀδ, which contains the slopes f′(z) of the "
                    "later layers. e says how far o should rise, ∂E/∂o how much E grows if it does: their "
                    "signs are opposite. This step uses {rule_name}.",
                    rule_name=say(RULE_NAMES[step.rule]),
                )
            )
        )
    return blocks + [_hidden_delta(step, layer) for layer in hidden]


def _output_delta(step: Update) -> Block:
    last, f = len(step.z), step.activation(len(step.z))
    delta, slope = step.delta[-1], step.slope(len(step.z))
    chosen = pick(delta)
    unit = _unit_heading(step, last)
    if fused(f.name, step.loss):
        loss = titled(step.loss.name)
        rows: list[tuple[Any, ...]] = [
            (step.unit(last, k), step.o[-1][k], step.t[k], delta[k]) for (k,) in chosen.places
        ]
        short = "o − t" if f.name != "softmax" or np.isclose(step.t.sum(), 1.0) else "o Σt − t"
        said = "For {activation} and {loss}, δ = ∂E/∂z is {short}: the slopes cancel."
        note = say(said, activation=f.name, loss=loss, short=short)
        return Table((unit, "o", "t", f"δ = {short}"), rows, note)
    if slope is None:
        rows = [(step.unit(last, k), step.sent[-1][k], delta[k]) for (k,) in chosen.places]
        note = say("Every output of softmax depends on every z: δ of one unit is a sum over all outputs.")
        return Table((unit, "∂E/∂o", "δ = Σᵢ ∂E/∂oᵢ · ∂oᵢ/∂z"), rows, note)
    rows = [(step.unit(last, k), step.sent[-1][k], slope[k], delta[k]) for (k,) in chosen.places]
    return Table((unit, "∂E/∂o", "f′(z)", "δ = ∂E/∂o · f′(z)"), rows, say("Layer {last}, the output.", last=last))


def _hidden_delta(step: Update, layer: int) -> Block:
    l, slope = layer - 1, step.slope(layer)
    chosen = pick(step.delta[l])
    headings = [say("unit"), say("split error Wᵀe"), "∂E/∂o = Wᵀδ", *([] if slope is None else ["f′(z)"]), "δ"]
    rows = [
        (str(k), step.split[l][k], step.sent[l][k], *(() if slope is None else (slope[k],)), step.delta[l][k])
        for (k,) in chosen.places
    ]
    by = "∂E/∂o" if step.rule == "gradient" else "−Wᵀe"
    how = f"δ = {by} · f′(z)" if slope is not None else say("δ = {by} through the slopes of softmax", by=by)
    more = _more(chosen, say("units"), say("their δ"), step.delta[l])
    said = say("Layer {layer}: {how}.", layer=layer, how=how)
    return Table(headings, rows, say("{said} {more}", said=said, more=more) if more else said)


def _weight_blocks(step: Update) -> list[Block]:
    blocks: list[Block] = [
        Text(
            say(
                "∂E/∂w of a link is δ of the unit it leads to, times the signal it carries; ΔW = −α δ aᵀ and Δb = −α δ."
            )
        )
    ]
    for layer in range(len(step.z), 0, -1):
        n_out, n_in = step.W[layer - 1].shape
        if n_out <= MATRIX and n_in <= MATRIX:
            blocks.append(Formula(_change_formula(step, layer)))
        blocks.append(_links_table(step, layer))
    return blocks


def _change_formula(step: Update, layer: int) -> str:
    l, a = layer - 1, ("x" if layer == 1 else "a")
    index = rf"_{{{layer}}}"
    put = f"{n.number(-step.alpha)} {n.matrix(step.delta[l])} {n.row(step.a[l])}"
    letters = rf"{{-\alpha}} \, \delta \, {a}^\top"
    return n.equations([(rf"\Delta W{index}", letters), ("", put), ("", n.matrix(step.change_W[l]))])


def _links_table(step: Update, layer: int) -> Block:
    """Weights and biases of a layer, old → Δ → new; only the largest changes if there are many."""
    l = layer - 1
    biased = step.network.bias[l]

    def joined(W: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        """Biases as one more column of W."""
        return np.column_stack([W, b]) if biased else W

    gradient = joined(step.dW[l], step.db[l])
    change = joined(step.change_W[l], step.change_b[l])
    before, after = joined(step.W[l], step.b[l]), joined(step.after.W[l], step.after.b[l])
    chosen = pick(change)
    n_in = step.W[l].shape[1]
    rows = [
        (
            say("bias") if j == n_in else step.unit(l, j),
            step.unit(layer, k),
            gradient[k, j],
            before[k, j],
            change[k, j],
            after[k, j],
        )
        for k, j in chosen.places
    ]
    with np.errstate(over="ignore"):  # a step of any length
        size = float(np.linalg.norm(change))
    rest = chosen.left_out("{n:,} more weights, their Δ sum to {sum}", sum=number(chosen.rest))
    caption = say(
        "Layer {layer}{more}; the length of all its Δ together is {size}.",
        layer=layer, more=say(": ") + rest if rest else "", size=number(size),
    )  # fmt: skip
    headings = (
        _unit_heading(step, l, "from "),
        _unit_heading(step, layer, "to "),
        "∂E/∂w",
        say("w before"),
        "Δw",
        say("w after"),
    )
    return Table(headings, rows, caption)


def _after_blocks(step: Update) -> list[Block]:
    last = len(step.z)
    chosen = pick(step.after.o[-1] - step.o[-1])
    rows = [(step.unit(last, k), step.t[k], step.o[-1][k], step.after.o[-1][k]) for (k,) in chosen.places]
    outputs = Table((_unit_heading(step, last), say("target t"), say("o before"), say("o after")), rows)
    return [
        outputs,
        Table(("", say("before"), say("after"), say("change")), [("E", step.E, step.E_after, step.E_after - step.E)]),
    ]


# --- parts ----------------------------------------------------------------------------------------------------------


def _unit_heading(signals: Forward, layer: int, before: str = "") -> str:
    """Heading of the first column: "unit", or with `before` "from unit", "to unit"."""
    return say(before + ("input" if layer == 0 else "output" if layer == len(signals.z) else "unit"))


def _more(chosen: Pick, what: str, whose: str, values: NDArray[Any]) -> str:
    """A sentence about what a table of `values` leaves out, or ""."""
    sentence, total = "… and {n:,} more {what}; {whose} sum to {rest}, all together to {total}.", float(values.sum())
    return chosen.left_out(sentence, what=what, whose=whose, total=number(total))
