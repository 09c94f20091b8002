"""Decorators of estimators' methods: checked parameters, and methods that exist only where they can work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sklearn.base import _fit_context
from sklearn.utils.metaestimators import available_if

Method = TypeVar("Method", bound=Callable[..., Any])


def checked(method: Method) -> Method:
    """Check the parameters before the method, and end its callbacks after it, by scikit-learn's own means."""
    return cast(Method, _fit_context(prefer_skip_nested_validation=True)(method))


def only_if(there: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """scikit-learn's `available_if`, which leaves the method its type: a method of estimators that fulfil `there`."""
    return cast(Callable[[Method], Method], available_if(there))


class StepByStep:
    """`partial_fit`: missing, with the reason, where single epochs cannot be trained."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:
            return self.method
        if estimator.solver == "lbfgs" and estimator.optimizer is None:
            raise NoPartialFitError(
                "partial_fit is only available for stochastic optimizers, found solver='lbfgs'; use 'adam' or 'sgd'"
            )
        if getattr(estimator, "class_weight", None) == "balanced":
            raise NoPartialFitError(
                "partial_fit knows no 'balanced' class_weight, for the rows to come are not known; give a dict"
            )
        if estimator.early_stopping:
            raise NoPartialFitError(
                "partial_fit does not support early_stopping=True; set it False, or call fit with warm_start=True"
            )
        return self.method.__get__(estimator, owner)


class NoPartialFitError(AttributeError, ValueError):
    """No partial_fit with these parameters: a missing attribute, because of a parameter's value."""
