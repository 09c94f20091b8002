"""Fitted estimators for scikit-learn, PyTorch and model files; predictions stay what they were."""

from __future__ import annotations

import copy
import platform
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.validation import check_is_fitted

from deltaw import __version__, models
from deltaw.exceptions import SettingError
from deltaw.export.forms.torch import TORCH, torch_module
from deltaw.models.recipes import RECIPES, Recipe
from deltaw.models.scoring.scores import Baseline
from deltaw.network import Network
from deltaw.preparation import Preparation, Target
from deltaw.preparation.columns.numbers import Number
from deltaw.preparation.scales.scaling import IDENTITY
from deltaw.sklearn.learning.descent import LARGEST_BATCH, method
from deltaw.sklearn.parameters import ACTIVATION_WORDS, word
from deltaw.speech import listed, say

# Fitted attributes that both libraries have under the same name.
SHARED = (
    "coefs_", "intercepts_", "n_layers_", "n_outputs_", "out_activation_", "n_iter_", "t_", "loss_", "loss_curve_",
    "best_loss_", "validation_scores_", "best_validation_score_", "n_features_in_", "feature_names_in_", "classes_",
    "_no_improvement_count",
)  # fmt: skip


def to_sklearn(estimator: Any) -> Any:
    """scikit-learn's from a fitted estimator of ours.

    Raises:
        SettingError: scikit-learn has no network of this kind.
    """
    check_is_fitted(estimator, "coefs_")
    into = neural_network.MLPClassifier if hasattr(estimator, "classes_") else neural_network.MLPRegressor
    known = into()._parameter_constraints["activation"][0].options
    names = {theirs(name) for name in estimator._activations()} or {"identity"}
    ends = {"logistic", "softmax"} if hasattr(estimator, "classes_") else {"identity", "exp"}
    one_a_class = estimator.out_activation_ == "logistic" and estimator.n_outputs_ > 1 and not estimator._multilabel
    if len(names) > 1 or not names <= known or estimator.out_activation_ not in ends or one_a_class:
        raise SettingError(
            "to_sklearn: expected one hidden activation for all layers ({known}) and an output of scikit-learn's",
            say(
                "{names}, output {out_activation}",
                names=listed(sorted(names)),
                out_activation=estimator.out_activation_,
            ),
            "use to_torch() or to_model()",
            known=listed(sorted(known)),
        )
    given = set(into._get_param_names())
    same = {name: value for name, value in estimator.get_params().items() if name in given} | {
        "activation": names.pop()
    }
    if "loss" in given:
        same["loss"] = "poisson" if estimator.out_activation_ == "exp" else "squared_error"
    made = into(**same)
    share(estimator, made)
    if hasattr(estimator, "classes_"):
        made._label_binarizer = LabelBinarizer().fit(
            np.eye(len(estimator.classes_), dtype=int) if estimator._multilabel else estimator.classes_
        )
    return made


def to_torch(estimator: Any) -> Any:
    """A torch.nn.Sequential, float64 or float32 as coefs_ are, whose outputs are the network's, up to probabilities.

    Raises:
        MissingError: PyTorch is not installed.
        SettingError: an activation that torch.nn has no module for.
    """
    check_is_fitted(estimator, "coefs_")
    torch = torch_module()
    layers: list[Any] = []
    names = [*estimator._activations(), estimator.out_activation_]
    for coef, intercept, name in zip(estimator.coefs_, estimator.intercepts_, names, strict=True):
        weight = torch.from_numpy(np.array(coef.T, order="C"))
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(torch.from_numpy(np.array(intercept)))
        layers += [linear, _module(torch, word(name, ACTIVATION_WORDS))]
    return torch.nn.Sequential(*layers)


def to_model(estimator: Any) -> models.Model:
    """A `deltaw.Model` that predicts the same, for a .deltaw file.

    Inputs are taken as they are, in float32. Two classes get an output each: softmax(0, z) is 1 − σ(z) and σ(z).

    Raises:
        SettingError: several labels or numbers a row, which a model file does not hold.
    """
    check_is_fitted(estimator, "coefs_")
    network: Network = estimator._network().copy()
    classes = tuple(getattr(estimator, "classes_", np.empty(0)).tolist())
    task = "classification" if classes else "regression"
    if getattr(estimator, "_multilabel", False) or network.sizes[-1] != (1 if len(classes) <= 2 else len(classes)):
        remedy = "train an estimator for each, or keep this one with joblib"
        raise SettingError("to_model: expected one answer a row", say("{size} outputs", size=network.sizes[-1]), remedy)
    if len(classes) == 2:
        network = _two_outputs(network)
    names = [str(n) for n in getattr(estimator, "feature_names_in_", [f"x{i}" for i in range(network.sizes[0])])]
    preparation = Preparation("none", tuple(Number(name, IDENTITY, 0.0, False) for name in names))
    target = Target("target", task, "as the estimator was fitted", classes)  # type: ignore[arg-type]
    shares = (1.0 / len(classes),) * len(classes) if classes else (0.0,)
    baseline = Baseline(task, getattr(estimator, "_baseline", None) or shares)
    seed = estimator.random_state if isinstance(estimator.random_state, int) else 0
    versions = {"deltaw": __version__, "python": platform.python_version(), "numpy": np.__version__}
    rows = estimator.t_ // estimator.n_iter_ if estimator.n_iter_ else 0
    origin = models.Origin("scikit-learn estimator", rows, 0, 0, seed, 0.0, estimator.engine, versions)
    losses = [float(loss) for loss in getattr(estimator, "loss_curve_", [])]
    history = models.Learning(loss=losses, seconds=[0.0] * len(losses))
    recipe = _recipe(estimator, task, network)
    return models.Model(network, preparation, target, recipe, baseline, history, None, origin)


def _recipe(estimator: Any, task: str, network: Network) -> Recipe:
    """The estimator's training as a recipe, which has no optimiser's name for L-BFGS."""
    rows = estimator.t_ // max(estimator.n_iter_, 1)
    batch = (min(LARGEST_BATCH, rows) if estimator.batch_size == "auto" else estimator.batch_size) or None
    stochastic = estimator.solver != "lbfgs" or estimator.optimizer is not None
    return replace(
        RECIPES["default"][task],
        name="scikit-learn",
        scaling="none",
        targets="labels" if task == "classification" else "standard",
        hidden=tuple(network.sizes[1:-1]),
        activation=network.activations[0],
        output_activation=network.activations[-1],
        loss=estimator._ending.loss.name,
        optimizer=method(estimator).spec if stochastic else None,
        learning_rate=float(estimator.learning_rate_init),
        schedule=estimator.schedule or "constant",
        batch_size=None if batch is None else int(batch),
        epochs=max(int(estimator.n_iter_), 1),
        l2=float(estimator.alpha) / batch if batch else 0.0,
        dropout=float(np.max(estimator.dropout)),
        dropout_schedule="constant",
        label_smoothing=float(getattr(estimator, "label_smoothing", 0.0)),
        max_grad_norm=None if estimator.max_grad_norm is None else float(estimator.max_grad_norm),
        clamp=False,
        validation=0.0,
        patience=None,
    )


def _two_outputs(network: Network) -> Network:
    """The same network with an output for each of two classes in place of one logistic output."""
    pair = Network([*network.sizes[:-1], 2], [*network.activations[:-1], "softmax"], init="zeros")
    pair.weights, pair.biases = list(network.weights), list(network.biases)
    pair.weights[-1] = np.vstack([np.zeros_like(network.weights[-1]), network.weights[-1]])
    pair.biases[-1] = np.concatenate([np.zeros_like(network.biases[-1]), network.biases[-1]])
    return pair


def share(fitted: Any, made: Any) -> None:
    """Give `made` the attributes that both libraries know."""
    for name in SHARED:
        if hasattr(fitted, name):
            setattr(made, name, copy.deepcopy(getattr(fitted, name)))


def theirs(name: str) -> str:
    """scikit-learn's word for the equations'."""
    return {ours: theirs for theirs, ours in ACTIVATION_WORDS.items()}.get(name, name)


def _module(torch: Any, name: str) -> Any:
    if name not in TORCH:
        raise SettingError(
            "to_torch: expected an activation among {torch}", name, "use to_model() instead", torch=listed(TORCH)
        )
    return torch.nn.Softmax(dim=-1) if name == "softmax" else getattr(torch.nn, TORCH[name])()
