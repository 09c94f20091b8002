"""scikit-learn's callbacks (SLEP023, `sklearn.callback`): calls during the training of an estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Attributes = Callable[[], dict[str, Any]]


class Watch:
    """Calls an estimator's callbacks at the beginning and end of its training and its epochs.

    Args:
        estimator: with scikit-learn's CallbackSupportMixin.
        X, y, metadata: what it learns from, as callbacks are to see it.
        epochs: the most epochs.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, metadata: dict[str, Any], epochs: int) -> None:
        self.estimator, self.data = estimator, {"X": X, "y": y, "metadata": metadata}
        self.on = hasattr(estimator, "_skl_callbacks")
        # A context costs half a millisecond: only with callbacks, its own or those of a surrounding estimator.
        needed = self.on or hasattr(estimator, "_parent_callback_ctx")
        self.whole: Any = estimator._init_callback_context(max_subtasks=epochs) if needed else None
        self.epoch: Any = None
        if self.whole is not None:
            self.whole.call_on_fit_task_begin(estimator=estimator, **self.data)

    def begin(self) -> None:
        """An epoch begins."""
        if self.on:
            self.epoch = self.whole.subcontext(task_name="epoch")
            self.epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def end(self, attributes: Attributes) -> bool:
        """An epoch ended; whether a callback wants training to end with it.

        `attributes` returns, where a callback needs it, the fitted attributes with the current weights.
        """
        return self.on and self._ended(self.epoch, attributes)

    def done(self, attributes: Attributes) -> None:
        """Training ended."""
        if self.whole is not None:
            self._ended(self.whole, attributes)

    def _ended(self, context: Any, attributes: Attributes) -> bool:
        return bool(
            context.call_on_fit_task_end(estimator=self.estimator, reconstruction_attributes=attributes, **self.data)
        )
