"""A derivation as a document: what is derived, its lines, what follows from them, and how they were checked."""

from __future__ import annotations

from typing import Any

import sympy as sp  # type: ignore[import-untyped]

from deltaw.derive.evidence import JUMP
from deltaw.derive.formulas import CONSTANTS, Chain, add, evaluated, is_negative, k, loss_slope, negative, quantity
from deltaw.derive.lines import o, t
from deltaw.derive.notation import PRODUCT, Latex, Plain, latex, plain
from deltaw.derive.problems import undefined
from deltaw.derive.proof import Line, Proof
from deltaw.derive.verification import DIGITS, POINTS, UNITS
from deltaw.equations.losses import fused, titled
from deltaw.numbers import number
from deltaw.pages import Block, Formula, Page, Section, Table, Text
from deltaw.speech import listed, retold, say

SHORT = 40  # signs of a formula that may stand in a sentence

# What an error function's own formula leaves out, by kind: the whole of it in o and t, and why that part may go.
DROPPED = {
    "squared": (
        "(t - o)**2",
        "The notes use (t − o)², with the derivative −2 (t_k − o_k) · …, and drop the 2: a constant factor only "
        "scales the steps, as α does. The ½ in the formula here cancels it.",
    ),
    "poisson": (
        "o - t*log(o) + loggamma(t + 1)",
        "The negative log-likelihood of a count also has the term log t!, which does not depend on o.",
    ),
    "cross_entropy": (
        "t*log(t) - t*log(o)",
        "The Kullback–Leibler divergence also has the term t log t, which does not depend on o.",
    ),
    "binary_cross_entropy": (
        "t*log(t) + (1 - t)*log(1 - t) - t*log(o) - (1 - t)*log(1 - o)",
        "The Kullback–Leibler divergence also has t log t + (1 − t) log(1 − t), which does not depend on o.",
    ),
}


def page(d: Proof) -> Page:
    """The document of a derivation."""
    sections = [Section(say("The letters"), _letters(d))]
    if d.problems:
        sections.insert(
            0, Section(say("This combination cannot be minimised"), [Text(retold(text)) for text in d.problems])
        )
    parts = list(dict.fromkeys(line.part for line in d.lines))
    written = {part: Section(retold(part), _lines([line for line in d.lines if line.part == part])) for part in parts}
    for part in parts:
        sections.append(written[part])
        if part.startswith("The error"):
            sections.append(Section(say("What is dropped"), _dropped(d)))
        if part == "Both layers in one formula":
            sections.append(Section(say("Where the notes differ"), _notes(d)))
    if d.layers > 2:
        sections.append(Section(say("All earlier layers"), _before(d)))
    sections.append(Section("ΔW", _change(d)))
    if d.corners or undefined(d.activation, d.loss):
        sections.append(Section(say("Where the derivative is undefined"), _corners(d)))
    sections.append(Section(say("How it was checked"), _checks(d)))
    hidden = "" if d.hidden is None else say(", {name} in the hidden layers", name=d.hidden.name)
    layers = say("{n} layers of weights", n=d.layers) if d.layers > 1 else say("one layer of weights")
    lead = say(
        "The derivative of the error E with respect to a weight, for {activation} at the output{hidden}, the {loss} "
        "error and {layers}: from the definition of E to ΔW.",
        activation=d.activation.name, hidden=hidden, loss=titled(d.loss.name), layers=layers,
    )  # fmt: skip
    result = plain(d.delta)
    if len(result) <= SHORT:
        lead += say(" At the output, δ_k = ∂E/∂z_k = {result}.", result=result)
    return Page(
        say("∂E/∂w for {name} and the {loss_name} error", name=d.activation.name, loss_name=titled(d.loss.name)),
        lead,
        sections,
        data(d),
        letters=True,
    )


def data(d: Proof) -> dict[str, Any]:
    """What JSON gives: every line with its check, both δ, the evidence."""
    return {
        "activation": d.activation.name,
        "loss": d.loss.name,
        "hidden": None if d.hidden is None else d.hidden.name,
        "layers": d.layers,
        "problems": list(d.problems),
        "delta": {"text": plain(d.delta), "latex": latex(d.delta)},
        "hidden_delta": None if d.hidden is None else {"text": plain(d.hidden_delta), "latex": latex(d.hidden_delta)},
        "lines": [
            {name: getattr(line, name) for name in ("number", "part", "why", "text", "latex", "checked", "difference")}
            for line in d.lines
        ],
        "evidence": [vars(one) for one in d.evidence],
        "corners": [vars(one) for one in d.corners],
    }


def _letters(d: Proof) -> list[Block]:
    blocks: list[Block] = [
        Text(
            say(
                "w_jk is the weight from unit j to unit k, in row k and column j of W. k is the index of an output "
                "unit, j of a unit in the layer before, i of one in the layer before that. z_k is a unit's weighted "
                "sum, o_k its output, t_k its target. In sums, m and n run over all units of a layer. The notes have "
                "no bias; here z_k has one, b_k."
            )
        ),
        Formula(r"z_{k} = \sum_{m} w_{mk}\,o_{m} + b_{k}", "z_k = Σ_m w_mk o_m + b_k"),
    ]
    used = {letter for line in d.lines for letter in getattr(line.right, "free_symbols", ())}
    values = [(letter, value) for value, letter in CONSTANTS.items() if letter in used]
    if values:
        blocks.append(Text(f"{', '.join(f'{letter} = {value!r}' for letter, value in values)}."))
    return blocks


def _lines(lines: list[Line]) -> list[Block]:
    return [
        block
        for line in lines
        for block in (Text(f"({line.number}) {retold(line.why)}".strip()), Formula(line.latex, line.text))
    ]


def _dropped(d: Proof) -> list[Block]:
    if d.loss.kind not in DROPPED:
        return [Text(say("Nothing: the formula is the full definition of the error function."))]
    whole, why = DROPPED[d.loss.kind]
    out, target = sp.symbols("o t", positive=True)
    ours = evaluated(sp.sympify(d.loss.formula, {"o": out, "t": target}))
    ratio = sp.simplify(sp.diff(sp.sympify(whole, {"o": out, "t": target}), out) / sp.diff(ours, out))
    finding = (
        say("By SymPy, the derivative of the full expression is that of the formula.")
        if ratio == 1
        else say("By SymPy, the derivative of the full expression is {ratio} times that of the formula.", ratio=ratio)
    )
    return [Text(say(why)), Text(finding)]


def _notes(d: Proof) -> list[Block]:
    """The split error of the notes, beside what the chain rule has."""
    plain_error = d.loss.kind == "squared" or fused(d.activation.name, d.loss) is not None
    e = add(t(k), negative(o("k", k))) if plain_error else negative(loss_slope(d.loss, o("k", k), t(k)))
    same = sp.expand((evaluated(d.delta) + evaluated(e)).replace(Chain, sp.Mul)) == 0
    agree = (
        say("Here δ_k = −e_k, so the two are the same for the last hidden layer.")
        if same
        else say(
            "The two differ: the notes leave out the derivative of the next layer's activation, which is part of δ_k."
        )
    )
    general = say("e_k = −∂E/∂o_k, which is t_k − o_k for the squared error")
    meaning = "e_k = t_k − o_k" if plain_error else general
    return [
        Text(
            say(
                "The notes propagate the error itself backwards, e_j = Σ_k w_jk e_k with {meaning}, and use e_j in "
                'place of −Σ_k w_jk δ_k of the chain rule. {agree} `backward="notes"` trains by the notes\' rule.',
                meaning=meaning,
                agree=agree,
            )
        ),
        Formula(r"e_{j} = \sum_{k} w_{jk}\,e_{k} \qquad e_{hidden} = W^{T} e", "e_j = Σ_k w_jk e_k,   e_hidden = Wᵀ e"),
    ]


def _before(d: Proof) -> list[Block]:
    assert d.hidden is not None
    numbers = [line.number for line in d.lines if line.part == "The weights into a hidden layer"]
    layers = say("layer 1") if d.layers == 3 else say("layers {n} to 1", n=d.layers - 2)
    return [
        Text(
            say(
                "Lines {number} to {last} use only δ_k = ∂E/∂z_k of the next layer; E may be any smooth function of "
                "all z_k. So they give any layer l from layer l + 1, here {layers}:",
                number=numbers[0],
                last=numbers[-1],
                layers=layers,
            )
        ),
        Formula(
            r"\delta^{(l)}_{j} = \left(\sum_{k} w^{(l+1)}_{jk}\,\delta^{(l+1)}_{k}\right) \cdot "
            r"\frac{\partial o^{(l)}_{j}}{\partial z^{(l)}_{j}} \qquad "
            r"\frac{\partial E}{\partial w^{(l)}_{ij}} = \delta^{(l)}_{j} \cdot o^{(l-1)}_{i}",
            "δ⁽ˡ⁾_j = (Σ_k w⁽ˡ⁺¹⁾_jk δ⁽ˡ⁺¹⁾_k) · ∂o⁽ˡ⁾_j/∂z⁽ˡ⁾_j,   ∂E/∂w⁽ˡ⁾_ij = δ⁽ˡ⁾_j · o⁽ˡ⁻¹⁾_i",
        )
        if not d.hidden.coupled
        else Formula(
            r"\delta^{(l)}_{j} = \sum_{m} s_{m} \cdot \frac{\partial o^{(l)}_{m}}{\partial z^{(l)}_{j}} \qquad "
            r"s_{m} = \sum_{k} w^{(l+1)}_{mk}\,\delta^{(l+1)}_{k}",
            "δ⁽ˡ⁾_j = Σ_m s_m · ∂o⁽ˡ⁾_m/∂z⁽ˡ⁾_j,   s_m = Σ_k w⁽ˡ⁺¹⁾_mk δ⁽ˡ⁺¹⁾_k",
        ),
    ]


def _change(d: Proof) -> list[Block]:
    blocks: list[Block] = [
        Text(say("A weight changes by −α times its derivative; α is the learning rate:")),
        Formula(
            r"\Delta w_{jk} = w_{jk}^{new} - w_{jk}^{old} = -\alpha \cdot \frac{\partial E}{\partial w_{jk}}"
            r" = -\alpha \cdot \delta_{k} \cdot o_{j}",
            "Δw_jk = new w_jk − old w_jk = −α · ∂E/∂w_jk = −α · δ_k · o_j",
        ),
        Text(say("For all weights of a layer: the column vector of its δ times the row vector of its inputs.")),
        Formula(r"\Delta W = -\alpha\,\delta_{k}\,O_{j}^{T}", "ΔW = −α δ_k O_jᵀ"),
    ]
    if d.delta != 0 and not d.activation.coupled:
        turns = is_negative(d.delta) or isinstance(d.delta, sp.Add)
        step = _vectors(_reversed(d.delta) if turns else d.delta)
        sign, taken = ("", say(" and the minus sign absorbed")) if turns else ("-", "")
        blocks += [
            Text(say("With δ_k substituted{taken}; ⊙ is the elementwise product:", taken=taken)),
            Formula(
                rf"\Delta W = {sign}\alpha \cdot {Latex(elementwise=True)(step, PRODUCT)} \cdot O_{{j}}^{{T}}",
                f"ΔW = {sign.replace('-', '−')}α · {Plain(elementwise=True)(step, PRODUCT)} · O_jᵀ",
            ),
        ]
    if d.hidden is not None:
        blocks += [
            Text(say("The δ of a hidden layer is that of the next layer times the transposed weights:")),
            Formula(
                r"\delta_{j} = \frac{\partial o_{j}}{\partial z_{j}} \odot W^{T} \delta_{k} \qquad "
                r"\Delta W = -\alpha\,\delta_{j}\,O_{i}^{T}",
                "δ_j = ∂o_j/∂z_j ⊙ Wᵀ δ_k,   ΔW = −α δ_j O_iᵀ",
            )
            if not d.hidden.coupled
            else Formula(r"\Delta W = -\alpha\,\delta_{j}\,O_{i}^{T}", "ΔW = −α δ_j O_iᵀ"),
        ]
    return blocks


def _reversed(e: Any) -> Any:
    """−e with the sign where it reads best: t − o for o − t."""
    if isinstance(e, sp.Add):
        return add(*sorted(map(negative, e.args), key=is_negative))
    return negative(e)


def _vectors(e: Any) -> Any:
    """o_k as O_k and so on: the layer's whole column."""
    if isinstance(e, sp.Indexed):
        return quantity(str(e.base).split("@")[0].upper(), *e.indices)
    if not e.args:
        return e
    args = [_vectors(arg) for arg in e.args]
    unevaluated = isinstance(e, (sp.Add, sp.Mul, sp.Pow, sp.Function)) and not isinstance(e, Chain)
    return e.func(*args, evaluate=False) if unevaluated else e.func(*args)


def _corners(d: Proof) -> list[Block]:
    blocks: list[Block] = []
    if d.corners:
        between = all(min(c.left, c.right) <= c.equations <= max(c.left, c.right) or _close(c) for c in d.corners)
        why = say(". They lie between the two: subgradients") if between else ""
        blocks += [
            Text(
                say(
                    "At a kink the left and the right derivative differ, and there is no derivative. A unit is "
                    "almost never exactly there; if one is, the engines use the values in the middle columns{why}.",
                    why=why,
                )
            ),
            Table(
                [say("derivative of"), say("where"), say("left"), say("equations"), say("native engine"), say("right")],
                [[c.what, retold(c.where), c.left, c.equations, c.native, c.right] for c in d.corners],
            ),
        ]
    if undefined(d.activation, d.loss):
        blocks.append(
            Text(
                say(
                    "Some outputs of {name} are outside the domain of the {loss_name} error, where its logarithm is "
                    "undefined. From {epsilon} inside the edge of the domain on, the engines continue E by its "
                    "tangent if it rises, so that the gradient moves such an output back, else by a constant, with "
                    "derivative 0.",
                    name=d.activation.name,
                    loss_name=titled(d.loss.name),
                    epsilon=number(d.loss.domain[0]),
                )
            )
        )
    return blocks


def _close(c: Any) -> bool:
    return bool(min(abs(c.equations - c.left), abs(c.equations - c.right)) < JUMP)


def _checks(d: Proof) -> list[Block]:
    numeric = [line for line in d.lines if line.checked == "numbers"]
    exact = sum(line.checked == "SymPy" for line in d.lines)
    text = say(
        "Every line is compared with the one before, for {units} units per layer. SymPy proves {n} of them equal.",
        units=UNITS,
        n=exact,
    )
    if numeric:
        worst = max(line.difference for line in numeric)
        text += say(
            " It cannot decide lines {lines}; they agree at {points} random points to {digits} digits, with "
            "differences up to {worst}.",
            lines=listed(str(line.number) for line in numeric), points=POINTS, digits=DIGITS, worst=number(worst, 1),
        )  # fmt: skip
    if not d.evidence:
        return [
            Text(text),
            Text(say("E is undefined for all outputs of this combination, so there are no numbers to compare with.")),
        ]
    return [
        Text(text),
        Text(
            say(
                "The last lines are evaluated for a random network with {layers} of weights. Differences are "
                "relative to the largest ∂E/∂w, or to 1 if that is smaller:",
                layers=say("{n} layers" if d.layers > 1 else "{n} layer", n=d.layers),
            )
        ),
        Table(
            [say("compared with"), say("largest difference"), ""],
            [
                [retold(one.against), "—" if one.difference is None else number(one.difference, 2), retold(one.note)]
                for one in d.evidence
            ],
        ),
    ]
