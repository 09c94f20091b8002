"""PyTorch: a model as a torch.nn.Module, the preparation of numbers and dates inside; and a Sequential as a Network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from deltaw.exceptions import MissingError, SettingError
from deltaw.export import operations as o
from deltaw.export.forms.formulas import SOFTMAX, fold
from deltaw.export.operations import Program
from deltaw.network import Network
from deltaw.speech import listed, say

# The equations' word -> the class of torch.nn; LeakyReLU's slope and ELU's α are torch's defaults, as ours.
TORCH = {
    "identity": "Identity", "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "leaky_relu": "LeakyReLU",
    "elu": "ELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU", "mish": "Mish", "softplus": "Softplus",
    "softsign": "Softsign", "softmax": "Softmax",
}  # fmt: skip


def torch_module() -> Any:
    """PyTorch. Raises MissingError where it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise MissingError("expected PyTorch", say("none"), "install it: pip install torch") from error
    return torch


def to_torch(program: Program) -> Any:
    """A torch.nn.Module from float64 columns (n, columns), in the order of `program.inputs`, NaN where missing, to
    probabilities (n, K), or numbers (n, 1). Dates are days since 1970-01-01. Its weights can be trained.

    Raises:
        MissingError: PyTorch is not installed.
        SettingError: a column of words, which no tensor holds.
    """
    torch = torch_module()
    if word := next((name for name, kind in program.kinds.items() if kind == "word"), None):
        raise SettingError(
            "to_torch: expected columns of numbers and dates", say('words in "{word}"', word=word), "drop it"
        )

    class Module(torch.nn.Module):  # type: ignore[misc, name-defined]
        """A model that DeltaW trained."""

        def __init__(self) -> None:
            super().__init__()
            self.columns, self.classes = program.inputs, program.classes
            self.linear = torch.nn.ModuleDict({each.out: _linear(torch, each) for each in program.all(o.Matrix)})

        def forward(self, x: Any) -> Any:
            x = x.double()
            values: dict[str, Any] = {}
            for each in program.operations:
                if isinstance(each, o.Read):
                    values[each.out] = _read(torch, each, x, program)
                elif isinstance(each, o.Matrix):
                    values[each.out] = self.linear[each.out](values[each.of[0]])
                elif not isinstance(each, o.Label):
                    values[each.out] = EMIT[type(each)](torch, each, *(values[name] for name in each.of))
            return values[program.answer.out]

    return Module()


def from_torch(module: Any) -> Network:
    """The Network that a torch.nn.Sequential of Linear layers and activations is.

    Args:
        module: its Linear layers are (n_out, n_in), with or without bias; Dropout says nothing here.

    Returns:
        The `Network`, with copies of the weights, in their own precision.

    Raises:
        MissingError: PyTorch is not installed.
        SettingError: the module has other parts.
    """
    linears, names, _ = layers(torch_module(), module)
    sizes = [linears[0].in_features, *(linear.out_features for linear in linears)]
    network = Network(sizes, names, [linear.bias is not None for linear in linears])
    network.weights = [linear.weight.detach().cpu().numpy().copy() for linear in linears]
    network.biases = [
        np.zeros(len(W), W.dtype) if linear.bias is None else linear.bias.detach().cpu().numpy().copy()
        for linear, W in zip(linears, network.weights, strict=True)
    ]
    network.check()
    return network


def layers(torch: Any, module: Any) -> tuple[list[Any], list[str], list[float]]:
    """(Linear layers, the activation after each, the dropout after each hidden one) of a Sequential."""
    kinds = {getattr(torch.nn, kind): name for name, kind in TORCH.items()}
    parts = list(module) if isinstance(module, torch.nn.Sequential) else []
    linears: list[Any] = []
    names: list[str] = []
    rates: list[float] = []
    for part in parts:
        if isinstance(part, torch.nn.Linear):
            linears.append(part)
            names.append("identity")
            rates.append(0.0)
        elif isinstance(part, torch.nn.Dropout) and linears:
            rates[-1] = float(part.p)
        elif type(part) in kinds and linears and names[-1] == "identity" and not rates[-1] and _as_ours(torch, part):
            names[-1] = kinds[type(part)]
        elif not isinstance(part, torch.nn.Flatten) or linears:
            linears = []
            break
    if not linears:
        expected = "from_torch: expected a torch.nn.Sequential of Linear layers, with activations and Dropout"
        found = str(module).splitlines()[0][:60]
        raise SettingError(expected, found, "use Linear, Dropout, {values}", values=listed(TORCH.values()))
    return linears, names, rates[:-1]


def _as_ours(torch: Any, part: Any) -> bool:
    """Whether an activation's settings are those of the equations."""
    fixed = {"negative_slope": 0.01, "alpha": 1.0, "approximate": "none", "beta": 1.0, "threshold": 20.0}
    return all(getattr(part, name, value) == value for name, value in fixed.items())


def _linear(torch: Any, matrix: o.Matrix) -> Any:
    linear = torch.nn.Linear(matrix.W.shape[1], matrix.size)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(matrix.W.copy()))
        linear.bias.copy_(torch.from_numpy(matrix.b.copy()))
    return linear


# --- each operation: its tensor -------------------------------------------------------------------------------------


def _constant(torch: Any, values: Any, x: Any) -> Any:
    return torch.tensor(values, dtype=torch.float64, device=x.device)


def _read(torch: Any, read: o.Read, x: Any, program: Program) -> Any:
    cells = x[:, [program.inputs.index(column) for column in read.columns]]
    for absent in program.absent if read.kind == "number" else ():
        cells = torch.where(cells == absent, float("nan"), cells)
    return cells


def _scale(torch: Any, scale: o.Scale, x: Any) -> Any:
    centre, width, shift = (_constant(torch, each, x) for each in (scale.centre, scale.width, scale.shift))
    z = ((x / 2 - centre / 2) / (width / 2)).clamp(-o.LIMIT, o.LIMIT) + shift
    return z / (1 + (z / 3) ** 2).sqrt() if scale.bend else z


def _bins(torch: Any, bins: o.Bins, x: Any) -> Any:
    places, low, high = zip(*bins.bins, strict=True)
    lows, highs = (_constant(torch, each, x) / 2 for each in (low, high))
    return ((x[:, list(places)] / 2 - lows) / (highs - lows)).clamp(0.0, 1.0)


def _recall(torch: Any, recall: o.Recall, x: Any) -> Any:
    same = x[:, [recall.place]] == _constant(torch, recall.numbers, x)
    return same.double() @ _constant(torch, recall.values, x)[:, None]


def _swing(torch: Any, swing: o.Swing, x: Any) -> Any:
    places, periods = zip(*swing.cycles, strict=True)
    turns = x[:, list(places)] / _constant(torch, periods, x)
    angle = 2 * np.pi * (turns - turns.floor())
    return ((1 + torch.stack([angle.sin(), angle.cos()], dim=2)) / 2).flatten(1)


def _activate(torch: Any, activate: o.Activate, z: Any) -> Any:
    if activate.name == SOFTMAX:
        return torch.softmax(z, dim=-1)
    if activate.name in TORCH:
        return getattr(torch.nn, TORCH[activate.name])()(z)
    table: dict[str, Callable[..., Any]] = {name: getattr(torch, name) for name in ("exp", "log", "sqrt", "where")}
    table |= {"number": lambda x: torch.tensor(x, dtype=z.dtype, device=z.device), ">": torch.gt}
    return fold(activate.name, table, z)


def _unscale(torch: Any, unscale: o.Unscale, z: Any) -> Any:
    x = (z.double() - unscale.shift) * unscale.width + unscale.centre
    return x if unscale.offset is None else x.clamp(max=o.MOST_LOG).exp() - unscale.offset


def _shares(torch: Any, shares: o.Shares, x: Any) -> Any:
    positive = x.double().clamp(min=o.LEAST_SHARE)
    return positive / positive.sum(dim=1, keepdim=True)


EMIT: dict[type, Callable[..., Any]] = {
    o.Impute: lambda t, e, x: t.where(x.isnan(), _constant(t, e.values, x), x),
    o.Indicate: lambda t, e, x: x[:, list(e.places)].isnan().double(),
    o.Scale: _scale,
    o.Bins: _bins,
    o.Recall: _recall,
    o.Swing: _swing,
    o.Spread: lambda t, e, x: e.low + (e.high - e.low) * x,
    o.Features: lambda t, e, *parts: t.cat(parts, dim=1).float(),
    o.Activate: _activate,
    o.Shares: _shares,
    o.Total: lambda t, e, *parts: t.stack(parts).sum(dim=0),
    o.Mean: lambda t, e, *parts: t.stack(parts).mean(dim=0),
    o.Unscale: _unscale,
    o.Clamp: lambda t, e, x: x.clamp(e.low, e.high),
}
