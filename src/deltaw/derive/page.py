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
        "The notes take (t − o)² and get −2 (t_k − o_k) · … . They drop the 2: a constant factor makes every step "
        "longer by as much, and α says how long a step is anyway. The ½ in the formula here does the same.",
    ),
    "poisson": (
        "o - t*log(o) + loggamma(t + 1)",
        "The negative log-likelihood of a count has log t! too. It does not hold o, so its slope is 0.",
    ),
    "cross_entropy": (
        "t*log(t) - t*log(o)",
        "The Kullback–Leibler divergence has t log t too. It does not hold o, so its slope is 0.",
    ),
    "binary_cross_entropy": (
        "t*log(t) + (1 - t)*log(1 - t) - t*log(o) - (1 - t)*log(1 - o)",
        "The Kullback–Leibler divergence has t log t + (1 − t) log(1 − t) too. It does not hold o, so its slope is 0.",
    ),
}


def page(d: Proof) -> Page:
    """The document of a derivation."""
    sections = [Section(say("The letters"), _letters(d))]
    if d.problems:
        sections.insert(
            0, Section(say("This pairing cannot be minimised"), [Text(retold(text)) for text in d.problems])
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
        sections.append(Section(say("Every layer before"), _before(d)))
    sections.append(Section("ΔW", _change(d)))
    if d.corners or undefined(d.activation, d.loss):
        sections.append(Section(say("Where there is no slope"), _corners(d)))
    sections.append(Section(say("How it was checked"), _checks(d)))
    hidden = "" if d.hidden is None else say(", {name} in the hidden layers", name=d.hidden.name)
    layers = say("{n} layers of weights", n=d.layers) if d.layers > 1 else say("one layer of weights")
    lead = say(
        "How the error E changes with a weight, for {activation} at the output{hidden}, the {loss} error and {layers}: "
        "from the definition of E to ΔW.",
        activation=d.activation.name, hidden=hidden, loss=titled(d.loss.name), layers=layers,
    )  # fmt: skip
    result = plain(d.delta)
    if len(result) <= SHORT:
        lead += say(" At the output, δ_k = ∂E/∂z_k comes to {result}.", result=result)
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
                "w_jk leads from unit j to unit k and stands in row k, column j of W; k numbers the outputs, j "
                "the units of the layer before, i those before that. z_k is what a unit takes in, o_k what it "
                "hands on, t_k its target. Behind a Σ, m and n run over all units of a layer. The notes have no "
                "bias; here z_k has one, b_k."
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
        return [Text(say("Nothing: the formula holds all that the error function is defined by."))]
    whole, why = DROPPED[d.loss.kind]
    out, target = sp.symbols("o t", positive=True)
    ours = evaluated(sp.sympify(d.loss.formula, {"o": out, "t": target}))
    ratio = sp.simplify(sp.diff(sp.sympify(whole, {"o": out, "t": target}), out) / sp.diff(ours, out))
    finding = say("the same as that") if ratio == 1 else say("{ratio} times that", ratio=ratio)
    return [
        Text(
            say(
                "{why} SymPy finds the slope of the whole to be {finding} of the formula.",
                why=say(why),
                finding=finding,
            )
        )
    ]


def _notes(d: Proof) -> list[Block]:
    """The split error of the notes, beside what the chain rule has."""
    plain_error = d.loss.kind == "squared" or fused(d.activation.name, d.loss) is not None
    e = add(t(k), negative(o("k", k))) if plain_error else negative(loss_slope(d.loss, o("k", k), t(k)))
    same = sp.expand((evaluated(d.delta) + evaluated(e)).replace(Chain, sp.Mul)) == 0
    agree = (
        say("Here δ_k = −e_k, so the two are the same for the last hidden layer.")
        if same
        else say("The two are not the same: the notes leave out the slope of the layer behind, which is part of δ_k.")
    )
    general = say("e_k = −∂E/∂o_k, which is t_k − o_k for the squared error")
    meaning = "e_k = t_k − o_k" if plain_error else general
    return [
        Text(
            say(
                "The notes send the error itself back over the links, e_j = Σ_k w_jk e_k with {meaning}, and put "
                'e_j where the chain rule has −Σ_k w_jk δ_k. {agree} `backward="notes"` trains by the notes\' '
                "rule.",
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
                "Lines {number} to {last} asked nothing of what lies behind units k but δ_k = ∂E/∂z_k: E may "
                "be any smooth function of all z_k. So the same lines give layer l from layer l + 1, here "
                "{layers}:",
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
        Text(say("A weight moves against its slope, by the learning rate α:")),
        Formula(
            r"\Delta w_{jk} = w_{jk}^{new} - w_{jk}^{old} = -\alpha \cdot \frac{\partial E}{\partial w_{jk}}"
            r" = -\alpha \cdot \delta_{k} \cdot o_{j}",
            "Δw_jk = new w_jk − old w_jk = −α · ∂E/∂w_jk = −α · δ_k · o_j",
        ),
        Text(say("All weights of a layer at once: the column of its δ times the row of the signals that came in.")),
        Formula(r"\Delta W = -\alpha\,\delta_{k}\,O_{j}^{T}", "ΔW = −α δ_k O_jᵀ"),
    ]
    if d.delta != 0 and not d.activation.coupled:
        turns = is_negative(d.delta) or isinstance(d.delta, sp.Add)
        step = _vectors(_reversed(d.delta) if turns else d.delta)
        sign, taken = ("", say(", and its minus sign taken up")) if turns else ("-", "")
        blocks += [
            Text(say("With δ_k put in{taken}; ⊙ multiplies unit by unit:", taken=taken)),
            Formula(
                rf"\Delta W = {sign}\alpha \cdot {Latex(elementwise=True)(step, PRODUCT)} \cdot O_{{j}}^{{T}}",
                f"ΔW = {sign.replace('-', '−')}α · {Plain(elementwise=True)(step, PRODUCT)} · O_jᵀ",
            ),
        ]
    if d.hidden is not None:
        blocks += [
            Text(say("A hidden layer's δ comes from the layer behind it, through the transposed weights:")),
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
        why = say(". It is not outside of the two at its sides: a subgradient") if between else ""
        blocks += [
            Text(
                say(
                    "At a corner the slope to the left is not the slope to the right, and at the point itself there "
                    "is none. A unit is hardly ever exactly there; if it is, the engines take the slope in the "
                    "middle{why}.",
                    why=why,
                )
            ),
            Table(
                [say("slope of"), say("where"), say("left"), say("equations"), say("native engine"), say("right")],
                [[c.what, c.where, c.left, c.equations, c.native, c.right] for c in d.corners],
            ),
        ]
    if undefined(d.activation, d.loss):
        blocks.append(
            Text(
                say(
                    "{name} reaches outputs of which the {loss_name} error has no logarithm. There the engines take E "
                    "for a straight line: up along the tangent that it has {epsilon} inside the edge, so that its "
                    "slope pulls such an output back; where that tangent falls, E stays as it is, with slope 0.",
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
        "Every line is held against the one before, in a network of {units} units a layer. SymPy's algebra finds {n} "
        "of them equal.",
        units=UNITS,
        n=exact,
    )
    if numeric:
        worst = max(line.difference for line in numeric)
        text += say(
            " It does not decide lines {lines}: they are equal at {points} random points to {digits} digits, with "
            "differences up to {worst}.",
            lines=listed(str(line.number) for line in numeric), points=POINTS, digits=DIGITS, worst=number(worst, 1),
        )  # fmt: skip
    if not d.evidence:
        return [
            Text(text),
            Text(say("No outputs of this pairing have an error, so there are no numbers to hold the result to.")),
        ]
    return [
        Text(text),
        Text(
            say(
                "The last lines give the gradient of a random network with {layers} of weights. "
                "Differences are shares of the largest ∂E/∂w, or of 1 where that is less:",
                layers=say("{n} layers" if d.layers > 1 else "{n} layer", n=d.layers),
            )
        ),
        Table(
            [say("against"), say("largest difference"), ""],
            [
                [retold(one.against), "—" if one.difference is None else number(one.difference, 2), retold(one.note)]
                for one in d.evidence
            ],
        ),
    ]
