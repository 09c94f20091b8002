"""The rows of the unseen programs: tables made by a recipe, or bundled with scikit-learn, or MNIST.

A recipe draws from its own seed, so that the rows of a program are the same for every seed of its network. Made tables
are in the units of the real ones they stand for (square feet, dollars, degrees, months), since units are half of what
goes wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.doctor.published import Data, mnist_rows

Array = NDArray[Any]


def apart(X: Array, T: Array, seed: int = 0, share: float = 0.75, mixed: bool = True) -> Data:
    """The first `share` of the rows to train on, the rest to score by; mixed first."""
    order = np.random.default_rng(seed).permutation(len(X)) if mixed else np.arange(len(X))
    first, rest = np.split(order, [int(share * len(X))])
    return Data(X[first], T[first], (X[rest], T[rest]))


def column(t: Any) -> Array:
    """(n,) as targets (n, 1)."""
    return np.asarray(t, float).reshape(-1, 1)


def classes(labels: Any) -> Array:
    """Labels 0, 1, … as targets (n, classes) with a 1 in the label's place."""
    return np.asarray(np.eye(int(np.max(labels)) + 1)[labels])


def mnist(rows: int) -> Data:
    """The first so many of MNIST's training rows, pixels 0 to 255; 5000 of its test rows to score by."""
    X, labels, Xt, lt = mnist_rows()
    return Data(X[:rows], classes(labels[:rows]), (Xt[:5000], classes(lt[:5000])))


def bundled(name: str, share: float = 0.75) -> Data:
    """One of scikit-learn's: iris, wine, digits (classes), breast_cancer (0 or 1), diabetes (a number)."""
    from sklearn import datasets

    X, t = getattr(datasets, f"load_{name}")(return_X_y=True)
    return apart(np.asarray(X, float), classes(t) if t.max() in (2, 9) else column(t), share=share)


def houses() -> Data:
    """Living area, year, lot, bedrooms, distance to town -> price in dollars."""
    rng = np.random.default_rng(1)
    n = 800
    area, year = rng.gamma(9.0, 210.0, n), rng.integers(1900, 2016, n).astype(float)
    lot, rooms = rng.gamma(3.0, 3000.0, n), rng.integers(1, 7, n).astype(float)
    far = rng.gamma(2.0, 6.0, n)
    price = area * (90.0 + 110.0 * np.exp(-far / 12.0)) * (1.0 + (year - 1900.0) / 400.0) + 2.0 * lot + 4000.0 * rooms
    return apart(np.column_stack([area, year, lot, rooms, far]), column(price * rng.lognormal(0.0, 0.08, n)))


def televisions() -> Data:
    """People a television set, of 40 countries -> years of life."""
    rng = np.random.default_rng(2)
    people = rng.lognormal(2.5, 1.3, (40, 1))
    return Data(people, 78.0 - 5.0 * np.log(people) + rng.normal(0.0, 2.0, (40, 1)))


def sine(rows: int = 1000, periods: float = 1.0) -> Data:
    """x over so many periods -> sin x."""
    x = np.random.default_rng(3).uniform(-np.pi * periods, np.pi * periods, (rows, 1))
    return apart(x, np.sin(x))


def power(exponent: int, largest: float, rows: int) -> Data:
    """x, x to this power."""
    x = np.linspace(-largest, largest, rows)[:, None]
    return Data(x, x**exponent)


def line(rows: int = 7) -> Data:
    """x = −1, 0, 1, … -> 2x − 1."""
    x = np.arange(-1.0, rows - 1.0)[:, None]
    return Data(x, 2.0 * x - 1.0)


def temperatures() -> Data:
    """The last seven days' mean temperatures in °C -> the next day's: four years, the last one to score by."""
    rng = np.random.default_rng(4)
    noise = np.zeros(1467)
    for day in range(1, len(noise)):
        noise[day] = 0.7 * noise[day - 1] + rng.normal(0.0, 1.6)
    series = 13.0 - 11.0 * np.cos(2.0 * np.pi * np.arange(len(noise)) / 365.25) + noise
    return windows(series, 7)


def windows(series: Array, width: int) -> Data:
    """`width` values in a row -> the one after them; the last quarter to score by."""
    X = np.lib.stride_tricks.sliding_window_view(series[:-1], width)
    return apart(np.ascontiguousarray(X), column(series[width:]), mixed=False)


def parity(bits: int) -> Data:
    """All rows of so many bits -> 1 where an odd number of them is 1. XOR is two bits."""
    X = ((np.arange(2**bits)[:, None] >> np.arange(bits)) & 1).astype(float)
    return Data(X, X.sum(axis=1, keepdims=True) % 2)


def passengers() -> Data:
    """Cabin class, sex, age, relatives aboard, fare -> lived or not, by chance where the odds leave it open."""
    rng = np.random.default_rng(5)
    n = 891
    cabin, woman = rng.choice([1.0, 2.0, 3.0], n, p=[0.24, 0.21, 0.55]), (rng.random(n) < 0.35).astype(float)
    age, kin = rng.gamma(5.0, 6.0, n), rng.poisson(0.9, n).astype(float)
    fare = rng.lognormal(4.6 - 0.8 * cabin, 0.5)
    odds = 2.2 - 1.1 * cabin + 2.8 * woman - 0.03 * age - 0.3 * kin
    return apart(np.column_stack([cabin, woman, age, kin, fare]), column(rng.random(n) < 1 / (1 + np.exp(-odds))))


def photographs() -> Data:
    """Thirty numbers of a picture -> which of six things it shows: on average two of them."""
    rng = np.random.default_rng(6)
    there = (rng.random((2400, 6)) < 0.35).astype(float)
    X = there @ rng.normal(0.0, 1.0, (6, 30)) + rng.normal(0.0, 0.8, (2400, 30))
    return apart(X, there)


def spiral(arms: int, rows: int, noise: float = 0.2, turns: float = 4.0) -> Data:
    """Arms of a spiral in a plane, one a class."""
    rng = np.random.default_rng(7)
    arm, r = np.repeat(np.arange(arms), rows // arms), np.tile(np.linspace(0.0, 1.0, rows // arms), arms)
    angle = 2.0 * np.pi * arm / arms + turns * r + rng.normal(0.0, noise, len(r))
    return apart(np.column_stack([r * np.sin(angle), r * np.cos(angle)]), classes(arm))


def moons(rows: int, noise: float = 0.2) -> Data:
    """Two half moons in a plane."""
    from sklearn.datasets import make_moons

    X, t = make_moons(rows, noise=noise, random_state=8)
    return apart(X, column(t))


def digit_after_digit() -> Data:
    """The 8 × 8 digits, trained on in the order of a file that holds all noughts, then all ones, and so on."""
    data = bundled("digits")
    order = np.argsort(data.T.argmax(axis=1), kind="stable")
    return Data(data.X[order], data.T[order], data.held_out)


def planes(noise: float = 0.1) -> Data:
    """Five numbers -> a weighted sum of them."""
    rng = np.random.default_rng(9)
    X = rng.normal(0.0, 1.0, (1000, 5))
    return apart(X, column(X @ [1.5, -2.0, 0.7, 0.0, 3.0] + 1.0 + rng.normal(0.0, noise, 1000)))


def customers(leak: bool) -> Data:
    """Months, calls, bill, plan -> gone or not; with `leak` also a credit that only the gone are sent, afterwards."""
    rng = np.random.default_rng(10)
    n = 1200
    months, calls = rng.gamma(2.0, 14.0, n), rng.poisson(1.4, n).astype(float)
    bill, plan = rng.gamma(6.0, 11.0, n), rng.integers(0, 3, n).astype(float)
    gone = rng.random(n) < 1 / (1 + np.exp(0.9 + 0.05 * months - 0.7 * calls - 0.012 * bill + 0.4 * plan))
    X = np.column_stack([months, calls, bill, plan])
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    credit = np.where(gone, rng.uniform(0.5, 1.5, n), 0.0)
    return apart(np.column_stack([X, credit]) if leak else X, column(gone))


def messages(twice: bool) -> Data:
    """Shares of twenty words in a message -> junk or not; with `twice` three of four rows to score by were copied."""
    rng = np.random.default_rng(11)
    n = 800
    junk = rng.random(n) < 0.4
    X = rng.gamma(1.0 + 0.5 * np.outer(junk, np.arange(20) % 3 == 0), 1.0)
    data = apart(X / 2.0, column(junk))
    if not twice:
        return data
    assert data.held_out is not None
    Xv, Tv = data.held_out
    return Data(np.vstack([data.X, Xv[:150]]), np.vstack([data.T, Tv[:150]]), (Xv, Tv))


def celsius() -> Data:
    """Seven temperatures in °C -> °F."""
    x = np.array([-40.0, -10.0, 0.0, 8.0, 15.0, 22.0, 38.0])[:, None]
    return Data(x, 1.8 * x + 32.0)


def blobs(kinds: int, rows: int, spread: float, inputs: int = 2) -> Data:
    """Heaps of points, one a class."""
    rng = np.random.default_rng(13)
    centres, label = rng.uniform(-8.0, 8.0, (kinds, inputs)), rng.integers(0, kinds, rows)
    return apart(centres[label] + rng.normal(0.0, spread, (rows, inputs)), classes(label))


def blood(rows: int) -> Data:
    """Eight measurements -> a number that they hold only a third of; 1500 rows to score by."""
    rng = np.random.default_rng(14)
    X = rng.normal(0.0, 1.0, (rows + 1500, 8))
    signal = X[:, 0] - 0.8 * X[:, 1] + 0.6 * np.abs(X[:, 2])
    return apart(X, column(signal + rng.normal(0.0, 1.5 * signal.std(), len(X))) / 3.0, share=rows / len(X))


def payments(share: float = 0.05) -> Data:
    """Ten numbers of a payment -> stolen card or not: few are, and they can be told."""
    rng = np.random.default_rng(15)
    stolen = rng.random(3000) < share
    X = rng.normal(0.0, 1.0, (3000, 10))
    X[stolen, :4] += [2.5, -2.0, 2.0, 1.5]
    return apart(X, column(stolen))
