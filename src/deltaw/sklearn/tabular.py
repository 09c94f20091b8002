"""TableClassifier and TableRegressor: the whole of `deltaw.fit` as an estimator."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, _check_y, check_is_fitted, validate_data

from deltaw import engines, models
from deltaw.engines.rows import unmasked
from deltaw.exceptions import InputError, SettingError
from deltaw.forks import refuse_after_fork
from deltaw.models.allowed import SCHEMA
from deltaw.models.recipes import RECIPES
from deltaw.models.rows import weights
from deltaw.sklearn.drawing import Drawn
from deltaw.sklearn.frames import readable
from deltaw.sklearn.known_answers import known_answers, numbers
from deltaw.sklearn.learning.threads import threads
from deltaw.sklearn.methods import checked
from deltaw.sklearn.parameters import COUNT, Named, keep
from deltaw.speech import listed, say
from deltaw.tables.reading.containers import contained
from deltaw.tables.reading.frames import FRAME, polars_of, series
from deltaw.tables.table import check_names

Array = NDArray[Any]

TARGET, WEIGHT = "target", "sample_weight"  # what these columns are called, unless a column of X is


class TableEstimator(Drawn, BaseEstimator):  # type: ignore[misc]
    """The base of both: a frame with a target for `deltaw.fit`, and the model that it returns."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "recipe": [StrOptions(set(RECIPES))],
        "engine": [Named(engines.ENGINES, engines.choice, {})],
        "n_threads": [COUNT, None],
        "random_state": ["random_state"],
        "settings": [dict, None],
        "drop": [str, "array-like", None],
        "columns": [str, "array-like", None],
        "kinds": [dict, None],
    }
    _task: ClassVar[str]

    # The parameters that are read here by their names.
    recipe: str
    settings: dict[str, Any] | None
    drop: Any
    columns: Any
    kinds: dict[str, str] | None
    random_state: Any
    engine: str
    n_threads: int | None

    model_: models.Model
    n_features_in_: int
    n_left_out_: int
    _columns: list[str]  # of the frame that was learnt from

    @checked
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from X and y.

        Args:
            X: (n, n_features): a data frame of any library, its columns of any kind, or an array; missing values are
                allowed. Left out are columns that nothing can be learnt from: `model_.preparation.describe()`.
            y: (n,), the answers. A row without one (NaN, None) is left out; `n_left_out_` says how many.
            sample_weight: (n,), how much each row counts: in training, and in the choice of the best weights.

        Raises:
            InputError: a column or setting that cannot be used.
        """
        import polars as pl

        frame = self._frame(X, reset=True)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(unmasked(sample_weight), X, dtype=np.float64)
            if sample_weight.any():  # rows of weight 0 are left out; if all are, `fit` raises
                counts = sample_weight != 0
                frame, sample_weight = frame.filter(counts), sample_weight[counts]
                y = None if y is None else np.asarray(unmasked(y))[counts]
        if y is not None:
            y, known = known_answers(y, len(frame), warn=True)
            self.n_left_out_ = int((~known).sum())
            if self.n_left_out_:
                frame, sample_weight = frame.filter(known), None if sample_weight is None else sample_weight[known]
        y = _check_y(y, multi_output=False, estimator=self)
        name, weight = _free(TARGET, frame), _free(WEIGHT, frame)
        whole, settings = frame.with_columns(pl.Series(name, self._answers(y))), self._settings()
        if sample_weight is not None:
            whole, settings["weight"] = whole.with_columns(pl.Series(weight, sample_weight)), weight
        random = self.random_state
        seed = int(random) if isinstance(random, Integral) else int(check_random_state(random).randint(1 << 31))
        own: dict[str, Any] = {
            "source": whole, "target": name, "recipe": self.recipe, "seed": seed, "engine": self.engine,
            "threads": threads(self.n_threads), "test_size": 0.0, "task": self._task, "drop": self.drop,
            "columns": self.columns, "kinds": self.kinds, "verbose": False,
        }  # fmt: skip
        if both := own.keys() & settings.keys():
            expected, remedy = "settings: expected none that the estimator decides itself", "leave it out"
            raise SettingError(expected, listed(sorted(both)), remedy)
        self.model_ = self._named(models.fit(**own, **settings))
        self.n_iter_ = len(self.model_.history)
        self.loss_curve_ = list(self.model_.history.loss)
        return self

    def _score(self, metric: Any, X: Any, y: Any, sample_weight: Any) -> float:
        """A score of scikit-learn's on the rows whose answer is known."""
        answers = self.predict(X)
        y, known = known_answers(y, len(answers))
        weight = None if sample_weight is None else np.asarray(sample_weight)[known]
        return float(metric(y, answers[known], sample_weight=weight))

    def to_model(self) -> models.Model:
        """The `deltaw.Model` that was learnt: `.save("….deltaw")` writes it. Raises NotFittedError."""
        check_is_fitted(self, "model_")
        return self.model_

    def _layers(self) -> tuple[list[int], list[str]] | None:
        if not hasattr(self, "model_"):
            return None
        return self.model_.network.sizes, self.model_.network.activations

    def _settings(self) -> dict[str, Any]:
        """The recipe's fields that were given."""
        names = [name for name in self._get_param_names() if name in SCHEMA]
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        return {**given, **(self.settings or {})}

    def _frame(self, X: Any, reset: bool) -> Any:
        """X as a Polars frame, width and names checked, its cells still to be read; an array's columns are x0, x1, …

        Where no names were known in `fit`, or numbers, columns are those of the same place.
        """
        import polars as pl

        refuse_after_fork()
        X = contained(readable(X.collect() if isinstance(X, pl.LazyFrame) else X))
        if hasattr(X, "columns"):
            check_names(map(str, getattr(X, "column_names", X.columns)), FRAME)
        else:
            X = check_array(X, dtype=None, ensure_all_finite="allow-nan", estimator=self, input_name="X")
        known = getattr(self, "feature_names_in_", None)
        if reset or known is None or [*getattr(X, "columns", ())] != known.tolist():  # else there is nothing to refuse
            validate_data(self, X, reset=reset, skip_check_array=True)
        if isinstance(X, np.ndarray):
            names = [f"x{i}" for i in range(X.shape[1])] if reset else self._columns
            X = pl.DataFrame([series(name, X[:, i]) for i, name in enumerate(names)])
        frame = polars_of(X)
        if reset:
            self._columns = frame.columns
        elif getattr(self, "feature_names_in_", None) is None:  # which SHAP puts in place of the names
            frame = frame.rename(dict(zip(frame.columns, self._columns, strict=True)))
        return frame

    def predict(self, X: Any) -> Array:
        raise NotImplementedError

    def _answers(self, y: Array) -> Any:
        raise NotImplementedError

    def _named(self, model: models.Model) -> models.Model:
        return model

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        return tags


class TableClassifier(ClassifierMixin, TableEstimator):  # type: ignore[misc]
    """A classifier for tables as they are: types, missing values, categories and scaling are handled inside.

    Parameters are a recipe, and settings of it to change, as in `deltaw.fit`; None leaves the choice to the recipe and
    the data. `settings` takes those without a parameter of their own, and other arguments of `deltaw.fit`: {"folds":
    0}. `drop` leaves out columns of X by names and patterns ("sub_*"), `columns` uses only those, and `kinds` sets
    types: {"userId": "category"}. `random_state` is the seed, `n_threads` the largest number of threads.

    With two classes, the likelier one is predicted, or, with `threshold`, the second from that probability on: 0.3, or
    "best:f1" for the one at which that score is best on held-out rows. `class_weight` is "balanced", or a weight for
    each class, {"no": 1, "yes": 5}; it affects training only.

    Attributes:
        classes_: in the order of `predict_proba`'s columns.
        model_: the `deltaw.Model`.
        n_iter_, loss_curve_: of the training.
        n_left_out_: number of rows without a target value, which were left out.

    Examples:
        >>> import deltaw
        >>> from deltaw.sklearn import TableClassifier
        >>> frame = deltaw.read("iris").frame
        >>> X, y = frame.drop("species"), frame["species"]
        >>> TableClassifier(epochs=5).fit(X, y).predict(X.head(2)).tolist()
        ['setosa', 'setosa']
    """

    _task = "classification"
    classes_: Array

    def __init__(
        self,
        recipe: str = "default",
        *,
        hidden: Any = None,
        activation: str | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        optimizer: Any = None,
        schedule: str | None = None,
        loss: str | None = None,
        l2: float | None = None,
        dropout: float | None = None,
        label_smoothing: float | None = None,
        scaling: str | None = None,
        validation: float | None = None,
        patience: int | str | None = None,
        threshold: float | str | None = None,
        class_weight: Any = None,
        settings: dict[str, Any] | None = None,
        drop: Any = None,
        columns: Any = None,
        kinds: dict[str, str] | None = None,
        random_state: Any = None,
        engine: str = "native",
        n_threads: int | None = None,
    ) -> None:
        keep(self, locals())

    def predict(self, X: Any) -> Array:
        """The class of each row, (n,).

        Args:
            X: rows with the columns of `fit`, in a data frame or (n, n_features).

        Raises:
            NotFittedError: before `fit`.
            InputError: a column is missing, or of another kind.
        """
        check_is_fitted(self, "model_")
        return np.asarray(self.classes_[self.model_.target.labels(self.predict_proba(X))])

    def predict_proba(self, X: Any) -> Array:
        """How likely each class is for each row, (n, n_classes), from 0 to 1, in the order of `classes_`.

        Args:
            X: as in `predict`, which raises the same.
        """
        check_is_fitted(self, "model_")
        frame = self._frame(X, reset=False)
        return self.model_.predict_proba(frame, engine=self.engine, threads=threads(self.n_threads))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy, from 0 to 1, on the rows whose answer is known.

        Args:
            X: as in `predict`.
            y: the classes, (n,); a missing one leaves its row out.
            sample_weight: what each row counts, (n,).

        Raises:
            InputError: as `predict`; not as many answers as rows, or none that is known.
        """
        return self._score(accuracy_score, X, y, sample_weight)

    def _answers(self, y: Array) -> Any:
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                "y: expected two classes or more",
                say("1 class, {classe}", classe=repr(self.classes_.tolist()[0])),  # Python's own: True, not np.True_
                "give rows of others",
            )
        return numbers

    def _settings(self) -> dict[str, Any]:
        """The same, weights of classes by the classes' numbers."""
        settings = super()._settings()
        given = weights.parsed_class_weight(settings.get("class_weight"))
        if isinstance(given, dict):
            factors = weights.of_names(given, self.classes_.tolist())
            settings["class_weight"] = {str(k): float(factor) for k, factor in enumerate(factors)}
        return settings

    def _named(self, model: models.Model) -> models.Model:
        """The model with the classes' own names in place of their numbers."""
        given = weights.parsed_class_weight(super()._settings().get("class_weight"))
        target = replace(model.target, classes=tuple(self.classes_.tolist()))
        return replace(model, target=target, recipe=replace(model.recipe, class_weight=given))


class TableRegressor(RegressorMixin, TableEstimator):  # type: ignore[misc]
    """A regressor for tables as they are. Its parameters are those of `TableClassifier`, without those of classes.

    `target_scale` is "log" to learn the logarithm of y, or "none".
    """

    _task = "regression"

    def __init__(
        self,
        recipe: str = "default",
        *,
        hidden: Any = None,
        activation: str | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        optimizer: Any = None,
        schedule: str | None = None,
        loss: str | None = None,
        l2: float | None = None,
        dropout: float | None = None,
        scaling: str | None = None,
        validation: float | None = None,
        patience: int | str | None = None,
        target_scale: str | None = None,
        settings: dict[str, Any] | None = None,
        drop: Any = None,
        columns: Any = None,
        kinds: dict[str, str] | None = None,
        random_state: Any = None,
        engine: str = "native",
        n_threads: int | None = None,
    ) -> None:
        keep(self, locals())

    def predict(self, X: Any) -> Array:
        """The answer for each row, (n,), in y's own units.

        Args:
            X: rows with the columns of `fit`, in a data frame or (n, n_features).

        Raises:
            NotFittedError: before `fit`.
            InputError: a column is missing, or of another kind.
        """
        check_is_fitted(self, "model_")
        frame = self._frame(X, reset=False)
        return np.asarray(self.model_.predict(frame, engine=self.engine, threads=threads(self.n_threads)))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R², at most 1, on the rows whose answer is known.

        Args:
            X: as in `predict`.
            y: the numbers, (n,); a missing one leaves its row out.
            sample_weight: what each row counts, (n,).

        Raises:
            InputError: as `predict`; not as many answers as rows, or none that is known.
        """
        return self._score(r2_score, X, y, sample_weight)

    def _answers(self, y: Array) -> Any:
        if len(y) < 2:
            raise InputError("X, y: expected rows to compare", say("n_samples={n}", n=len(y)), "give more rows")
        return numbers(y)


def _free(name: str, frame: Any) -> str:
    """The name, or one like it that no column has."""
    while name in frame.columns:
        name += "_"
    return name
