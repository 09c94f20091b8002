"""Estimators from fitted ones of scikit-learn, and from PyTorch modules; predictions stay what they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.utils.validation import check_is_fitted

from deltaw.exceptions import SettingError
from deltaw.export.forms.torch import layers, torch_module
from deltaw.sklearn.classifier import MLPClassifier
from deltaw.sklearn.exports import share, theirs
from deltaw.sklearn.regressor import MLPRegressor


def from_sklearn(fitted: Any) -> MLPClassifier | MLPRegressor:
    """An estimator of ours with the parameters, weights and records of a fitted MLPClassifier or MLPRegressor.

    What scikit-learn's optimiser remembers is left behind: `partial_fit` begins with a fresh one.

    Raises:
        SettingError: another estimator.
        NotFittedError: one that is not fitted.
    """
    kinds = {neural_network.MLPClassifier: MLPClassifier, neural_network.MLPRegressor: MLPRegressor}
    into: Any = next((ours for theirs, ours in kinds.items() if isinstance(fitted, theirs)), None)
    if into is None:
        raise SettingError(
            "from_sklearn: expected scikit-learn's MLPClassifier or MLPRegressor", type(fitted).__name__, "give one"
        )
    check_is_fitted(fitted)
    names = set(into._get_param_names())
    made: Any = into(**{name: value for name, value in fitted.get_params().items() if name in names})
    share(fitted, made)
    if hasattr(fitted, "classes_"):
        binarizer = fitted._label_binarizer
        made._multilabel = binarizer.y_type_.startswith("multilabel")
        made._sparse_labels = bool(binarizer.sparse_input_)
    return made  # type: ignore[no-any-return]


def from_torch(module: Any, classes: Sequence[Any] | None = None) -> MLPClassifier | MLPRegressor:
    """An estimator with the weights of a torch.nn.Sequential of Linear layers, activations and Dropout.

    Args:
        module: may end in logits or in probabilities; Dropout becomes the `dropout` of further training.
        classes: the classes' values, in the order of the outputs (of a single output, those of 0 and 1) makes an
            MLPClassifier; without them it is an MLPRegressor.

    Raises:
        MissingError: PyTorch is not installed.
        SettingError: the module has other parts, or another number of outputs than there are classes.
    """
    torch = torch_module()
    linears, names, rates = layers(torch, module)
    names, out = names[:-1], names[-1]
    sizes = [int(linear.weight.shape[0]) for linear in linears]
    if classes is not None:
        if sizes[-1] != (1 if len(classes) == 2 else len(classes)):
            expected = "from_torch: expected an output for each of the {n} classes, or one for two classes"
            found = f"{sizes[-1]}"
            raise SettingError(expected, found, "give as many classes as the module has outputs", n=len(classes))
        out = ("sigmoid" if len(classes) == 2 else "softmax") if out == "identity" else out
    made: Any = (MLPRegressor if classes is None else MLPClassifier)(
        hidden_layer_sizes=tuple(sizes[:-1]),
        activation=theirs(names[0]) if len(set(names)) == 1 else [theirs(name) for name in names] or "relu",
        dropout=rates if any(rates) else 0.0,
    )
    made.coefs_ = [np.ascontiguousarray(linear.weight.detach().cpu().numpy().T) for linear in linears]
    made.intercepts_ = [
        np.zeros(size, coef.dtype) if linear.bias is None else linear.bias.detach().cpu().numpy().copy()
        for linear, size, coef in zip(linears, sizes, made.coefs_, strict=True)
    ]
    made.n_features_in_, made.n_outputs_ = len(made.coefs_[0]), sizes[-1]
    made.n_layers_, made.out_activation_ = len(sizes) + 1, theirs(out)
    made.n_iter_ = made.t_ = 0
    if classes is not None:
        made.classes_, made._multilabel, made._sparse_labels = np.asarray(classes), False, False
    made._begin_records()
    return made  # type: ignore[no-any-return]
