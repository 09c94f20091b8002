"""The rows of the second set of unseen programs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.doctor.published import Data
from benchmarks.doctor.unseen.first_rows import apart, bundled, classes, column, windows

Array = NDArray[Any]


def even(X: Array) -> Array:
    """Each column less its mean, divided by its deviation."""
    return np.asarray((X - X.mean(axis=0)) / X.std(axis=0))


def chosen(rng: np.random.Generator, odds: Array) -> Array:
    """Yes or no, by chance, with these log odds."""
    return np.asarray(rng.random(len(odds)) < 1.0 / (1.0 + np.exp(-odds)))


def cars() -> Data:
    """Cylinders, displacement, horsepower, weight in pounds, acceleration, year -> miles a gallon."""
    rng = np.random.default_rng(21)
    n = 392
    cylinders = rng.choice([4.0, 6.0, 8.0], n, p=[0.52, 0.22, 0.26])
    displacement = 42.0 * cylinders - 60.0 + rng.normal(0.0, 25.0, n)
    power = 18.0 * cylinders + 6.0 + rng.normal(0.0, 16.0, n)
    weight = 420.0 * cylinders + 680.0 + rng.normal(0.0, 280.0, n)
    acceleration, year = 22.0 - 0.06 * power + rng.normal(0.0, 1.7, n), rng.integers(70, 83, n).astype(float)
    miles = 72000.0 / (weight + 6.0 * power) + 0.75 * (year - 76.0) + rng.normal(0.0, 2.2, n)
    return apart(np.column_stack([cylinders, displacement, power, weight, acceleration, year]), column(miles))


def wine(first_label: int) -> Data:
    """Thirteen measurements of a wine -> its grower as a number, counted from `first_label`."""
    data = bundled("wine")
    assert data.held_out is not None
    labels, held = (T.argmax(axis=1) + first_label for T in (data.T, data.held_out[1]))
    return Data(data.X, labels, (data.held_out[0], held))


def chessboard(squares: int, rows: int) -> Data:
    """A point on a board of squares × squares from −1 to 1 -> its colour."""
    X = np.random.default_rng(22).uniform(-1.0, 1.0, (rows, 2))
    return apart(X, column(np.floor((X + 1.0) * squares / 2.0).sum(axis=1) % 2))


def rings(rows: int, targets: tuple[float, float] = (0.0, 1.0)) -> Data:
    """A ring around another -> which, told by these two numbers."""
    from sklearn.datasets import make_circles

    X, t = make_circles(rows, noise=0.1, factor=0.45, random_state=23)
    return apart(X, np.where(column(t) > 0, targets[1], targets[0]))


def plant(units: tuple[float, float, float] = (1.0, 60.0, 5000.0)) -> Data:
    """Eight readings of a plant -> its yield (0 to 1), pressure (kPa) and flow (l/h)."""
    rng = np.random.default_rng(24)
    X = rng.normal(0.0, 1.0, (1500, 8))
    T = np.column_stack(
        [0.5 + 0.2 * np.tanh(X[:, 0] - X[:, 1]), 3.0 + X[:, 2] * X[:, 3], 4.0 + np.abs(X[:, 4]) + X[:, 5]]
    )
    return apart(X, (T + rng.normal(0.0, 0.03, T.shape)) * units)


def letters() -> Data:
    """Sixteen whole numbers from 0 to 15 that tell the shape of a letter -> one of twelve letters."""
    rng = np.random.default_rng(25)
    shapes, letter, slant = rng.uniform(3.0, 12.0, (2, 12, 16)), rng.integers(0, 12, 5000), rng.integers(0, 2, 5000)
    return apart(
        np.clip(np.round(shapes[slant, letter] + rng.normal(0.0, 1.8, (5000, 16))), 0.0, 15.0), classes(letter)
    )


def air_travel() -> Data:
    """Thousands of travellers in twelve months in a row -> in the month after: twenty years."""
    rng = np.random.default_rng(26)
    month = np.arange(240)
    series = (
        (110.0 + 1.9 * month) * (1.0 + 0.18 * np.sin(2.0 * np.pi * (month - 3) / 12.0)) * rng.lognormal(0, 0.02, 240)
    )
    return windows(series, 12)


def waves(rows: int) -> Data:
    """Breiman's waveforms: 21 points of a mixture of two of three triangles, with noise -> which two."""
    rng = np.random.default_rng(27)
    bases = np.maximum(6.0 - np.abs(np.arange(21) - np.array([[10.0], [6.0], [14.0]])), 0.0)
    kind, u = rng.integers(0, 3, rows), rng.random((rows, 1))
    X = u * bases[kind] + (1.0 - u) * bases[(kind + 1) % 3] + rng.normal(0.0, 1.0, (rows, 21))
    return apart(X, classes(kind))


def charges() -> Data:
    """Age, body-mass index, children, smoker -> dollars a year, with a long tail."""
    rng = np.random.default_rng(28)
    n = 1300
    age, mass = rng.integers(18, 65, n).astype(float), rng.normal(30.0, 6.0, n)
    children, smoker = rng.poisson(1.1, n).astype(float), (rng.random(n) < 0.2).astype(float)
    dollars = 260.0 * age + 300.0 * children + smoker * (12000.0 + 1500.0 * np.maximum(mass - 25.0, 0.0)) - 3000.0
    return apart(np.column_stack([age, mass, children, smoker]), column(dollars + rng.lognormal(7.5, 0.9, n)))


def friedman() -> Data:
    """Friedman's first: ten numbers, of which five matter."""
    from sklearn.datasets import make_friedman1

    X, t = make_friedman1(1500, noise=1.0, random_state=29)
    return apart(X, column((t - t.mean()) / t.std()))


def loans() -> Data:
    """Income, debt, age, late payments, evenly scaled -> paid back or not."""
    rng = np.random.default_rng(30)
    X = rng.normal(0.0, 1.0, (2500, 4))
    return apart(X, column(chosen(rng, 2.2 * X[:, 0] - 1.8 * X[:, 1] + 1.2 * X[:, 2] * X[:, 3] + 0.3)))


def marks(rows: int = 1000) -> Data:
    """Hours, absences, age, three earlier marks -> the last mark, which is much a matter of the day."""
    rng = np.random.default_rng(31)
    X = rng.normal(0.0, 1.0, (rows, 6))
    return apart(X, column(0.5 * X[:, 0] - 0.3 * X[:, 1] + 0.4 * X[:, 3] + rng.normal(0.0, 0.8, rows)))


def blank_digits() -> Data:
    """The 8 × 8 digits after a division of whole numbers that left nothing but noughts."""
    data = bundled("digits")
    assert data.held_out is not None
    return Data(data.X // 17, data.T, (data.held_out[0] // 17, data.held_out[1]))


def weather_twice() -> Data:
    """Temperature, humidity, wind, the same temperature and the same wind once more -> rain or not."""
    rng = np.random.default_rng(32)
    X = rng.normal(0.0, 1.0, (900, 3))
    rain = chosen(rng, 2.5 * X[:, 1] - X[:, 0] + 0.5 * X[:, 2])
    return apart(np.column_stack([X, X[:, 0], X[:, 2]]), column(rain))


def questionnaire() -> Data:
    """Three answers of 1, 2 or 3 -> bought or not: 27 kinds of rows, and both ends among most of them."""
    rng = np.random.default_rng(33)
    X = rng.integers(1, 4, (600, 3)).astype(float) - 2.0
    return apart(X, column(chosen(rng, X[:, 0] + 0.7 * X[:, 1])))


def patients() -> Data:
    """A running number, given first to the ill and then to the well, and four measurements -> ill or not."""
    rng = np.random.default_rng(34)
    ill = np.arange(600) < 250
    X = rng.normal(0.0, 1.0, (600, 4)) + 0.4 * ill[:, None]
    return apart(np.column_stack([even(np.arange(600.0)[:, None]), X]), column(ill))


def claims(share: float, gap: float) -> Data:
    """Six numbers of a claim -> fraud or not; fraud is rare, and stands `gap` deviations apart in each of them."""
    rng = np.random.default_rng(35)
    fraud = rng.random(4000) < share
    return apart(rng.normal(0.0, 1.0, (4000, 6)) + gap * fraud[:, None], column(fraud))


def stuck_sensor() -> Data:
    """Five readings -> a temperature whose sensor is stuck at 21.5."""
    X = np.random.default_rng(36).normal(0.0, 1.0, (500, 5))
    return apart(X, np.full((500, 1), 21.5))


def shuffled_join() -> Data:
    """Eight measurements -> a yes or no that was joined from another order of the rows."""
    rng = np.random.default_rng(37)
    X = rng.normal(0.0, 1.0, (1000, 8))
    return apart(X, column(rng.permutation(X[:, 0] + X[:, 1] > 0)))


def one_kind() -> Data:
    """Seven measurements -> sound or not, after a filter that kept only the sound."""
    X = np.random.default_rng(38).normal(0.0, 1.0, (700, 7))
    return apart(X, np.ones((700, 1)))


def seeds() -> Data:
    """Area, perimeter, compactness and so on of a grain in millimetres -> one of three kinds of wheat."""
    rng = np.random.default_rng(39)
    kind = rng.integers(0, 3, 210)
    centres = np.array([[14.3, 14.3, 0.88, 5.5, 3.2], [18.3, 16.1, 0.88, 6.1, 3.7], [11.9, 13.2, 0.85, 5.2, 2.9]])
    return apart(centres[kind] + rng.normal(0.0, 1.0, (210, 5)) * [0.9, 0.5, 0.015, 0.2, 0.15], classes(kind))


def mixtures() -> Data:
    """Six amounts -> three weighted sums of them."""
    rng = np.random.default_rng(40)
    X = rng.normal(0.0, 1.0, (800, 6))
    return apart(X, X @ rng.normal(0.0, 0.6, (6, 3)) + rng.normal(0.0, 0.1, (800, 3)))


def songs() -> Data:
    """Forty numbers of a song -> which of five moods it has, any number of them."""
    rng = np.random.default_rng(41)
    moods = (rng.random((2000, 5)) < 0.4).astype(float)
    return apart(moods @ rng.normal(0.0, 1.0, (5, 40)) + rng.normal(0.0, 1.5, (2000, 40)), moods)


def bicycles() -> Data:
    """Hour, temperature, rain, evenly scaled -> bicycles hired in that hour: a count."""
    rng = np.random.default_rng(42)
    X = np.column_stack([rng.uniform(-1.0, 1.0, (3000, 2)), rng.random(3000) < 0.3])
    return apart(X, column(rng.poisson(np.exp(2.0 + np.sin(3.0 * X[:, 0]) + 0.8 * X[:, 1] - 0.7 * X[:, 2]))))
