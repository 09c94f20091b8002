"""Suggestions for arguments that `fit` does not have: other libraries' names, and misspellings."""

from __future__ import annotations

from collections.abc import Iterable

from deltaw.tables.table import nearest

# Arguments of `fit` that are neither settings of a recipe nor options of `deltaw.read`.
ARGUMENTS = (
    "source", "target", "recipe", "hidden", "epochs", "seed", "engine", "device", "threads", "test", "validation",
    "test_size", "folds", "group", "time", "task", "metric", "drop", "columns", "kinds", "start", "memory", "cache",
    "seconds", "callbacks", "checkpoint", "every", "resume", "verbose",
)  # fmt: skip

# Names in scikit-learn, Keras, PyTorch, pandas and boosted trees -> DeltaW's.
ELSEWHERE = {
    "random_state": "seed", "random_seed": "seed", "max_iter": "epochs", "n_epochs": "epochs", "num_epochs": "epochs",
    "n_iter": "epochs", "max_epochs": "epochs", "lr": "learning_rate", "eta": "learning_rate",
    "learning_rate_init": "learning_rate", "alpha": "l2", "weight_decay": "l2", "reg_lambda": "l2",
    "hidden_layer_sizes": "hidden", "layers": "hidden", "units": "hidden", "hidden_size": "hidden",
    "n_jobs": "threads", "nthread": "threads", "num_threads": "threads", "thread_count": "threads", "cv": "folds",
    "n_splits": "folds", "groups": "group", "sample_weight": "weight", "weights": "weight",
    "early_stopping": "patience", "early_stopping_rounds": "patience", "n_iter_no_change": "patience",
    "solver": "optimizer", "scoring": "metric", "eval_metric": "metric", "objective": "loss", "criterion": "loss",
    "label": "target", "y": "target", "target_column": "target", "features": "columns", "usecols": "columns",
    "exclude": "drop", "dtype": "kinds", "cat_features": "kinds", "categorical_features": "kinds",
    "na_values": "na", "sep": "delimiter", "sheet_name": "sheet", "validation_split": "validation",
    "validation_fraction": "validation", "eval_set": "validation", "warm_start": "start", "time_limit": "seconds",
    "dropout_rate": "dropout", "clipnorm": "max_grad_norm", "n_estimators": "networks", "problem_type": "task",
}  # fmt: skip


def meant(name: str, known: Iterable[str]) -> str | None:
    """The nearest of `known` and ARGUMENTS to a wrong name, or another library's word for one; None if none is near."""
    return ELSEWHERE.get(name.lower()) or nearest(name, [*known, *ARGUMENTS])
