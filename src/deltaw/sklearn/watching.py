"""scikit-learn's callbacks (SLEP023, `sklearn.callback`): who looks on while an estimator learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Attributes = Callable[[], dict[str, Any]]


class Watch:
    """Tells an estimator's callbacks where its training stands.

    Args:
        estimator: with scikit-learn's CallbackSupportMixin.
        X, y, metadata: what it learns from, as callbacks are to see it.
        epochs: at most so many.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, metadata: dict[str, Any], epochs: int) -> None:
        self.estimator, self.data = estimator, {"X": X, "y": y, "metadata": metadata}
        self.whole = estimator._init_callback_context(max_subtasks=epochs)
        self.on = bool(getattr(estimator, "_skl_callbacks", ()))  # nobody looks on: nothing an epoch to pay for
        self.epoch: Any = None
        self.whole.call_on_fit_task_begin(estimator=estimator, **self.data)

    def begin(self) -> None:
        """An epoch begins."""
        if self.on:
            self.epoch = self.whole.subcontext(task_name="epoch")
            self.epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def end(self, attributes: Attributes) -> bool:
        """An epoch ended; whether a callback wants training to end with it.

        `attributes` makes, where a callback asks for it, what an estimator with the present weights has.
        """
        if not self.on:
            return False
        return bool(
            self.epoch.call_on_fit_task_end(estimator=self.estimator, reconstruction_attributes=attributes, **self.data)
        )

    def done(self, attributes: Attributes) -> None:
        """Training ended."""
        self.whole.call_on_fit_task_end(estimator=self.estimator, reconstruction_attributes=attributes, **self.data)
