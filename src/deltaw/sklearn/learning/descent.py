"""Gradient descent for the estimators: epochs on an engine, scikit-learn's rules for α and for when to stop."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from deltaw import engines
from deltaw.engines.protocol import Engine, Pace, Plan
from deltaw.engines.rows import Rows
from deltaw.equations import backprop, dropout, optimizers, schedules
from deltaw.network import Network
from deltaw.sklearn.learning.outputs import counting
from deltaw.sklearn.learning.sample import Sample
from deltaw.sklearn.learning.threads import threads
from deltaw.sklearn.learning.watching import Watch

Array = NDArray[Any]

LARGEST_BATCH = 200  # rows of a batch where batch_size="auto", as in scikit-learn
SMALLEST_RATE = 1e-6  # an adaptive α at or below this is the end


@dataclass
class Progress:
    """The state between calls of `partial_fit`.

    Attributes:
        learning_rate: α as the policy has left it.
        steps: updates made.
        dropout_key: of the masks.
        state: the optimiser's, as the engine gave it; None before the first step.
    """

    learning_rate: float
    steps: int = 0
    dropout_key: int = 0
    state: dict[str, Array] | None = field(default=None, repr=False)


def method(estimator: Any) -> optimizers.Optimizer:
    """The optimiser that the parameters name."""
    if estimator.optimizer is not None:
        return optimizers.optimizer(estimator.optimizer)
    if estimator.solver == "adam":
        return optimizers.Adam(estimator.beta_1, estimator.beta_2, estimator.epsilon)
    # scikit-learn allows a momentum of 1; the equations stop just short of it, which no float32 can tell apart.
    momentum = min(float(estimator.momentum), 1.0 - 2.0**-53)
    if momentum == 0.0:
        return optimizers.SGD()
    return (optimizers.Nesterov if estimator.nesterovs_momentum else optimizers.Momentum)(momentum)


class Descent:
    """One `fit` or `partial_fit` by a stochastic solver.

    Reads the estimator's parameters, and keeps its fitted attributes (`loss_curve_`, `n_iter_`, …) up to date epoch by
    epoch; the network's weights are the result.

    Args:
        estimator: whose parameters; its `_ending` says the loss.
        network: with the weights to begin with.
        sample: rows to learn from.
        held_out: rows to be judged by, or None.
        random: shuffles the rows.
        progress: from the call before, or a new one.
    """

    def __init__(
        self,
        estimator: Any,
        network: Network,
        sample: Sample,
        held_out: Sample | None,
        random: np.random.RandomState,
        progress: Progress,
    ) -> None:
        self.estimator, self.network, self.random, self.progress = estimator, network, random, progress
        self.seen = len(sample)
        sample = sample.counted()
        batch = _batch_size(estimator.batch_size, len(sample))
        # All rows in every step: their order means nothing, so none is drawn, and equal rows count together.
        self.whole = batch == len(sample)
        sample = sample.merged() if self.whole else sample
        batch = min(batch, len(sample))
        loss = estimator._ending.loss
        self.plan = Plan(
            loss=loss,
            optimizer=method(estimator),
            batch_size=batch,
            # scikit-learn divides alpha by the batch's rows, or by the sum of their weights.
            l2=estimator.alpha * len(sample) / (batch * sample.total),
            max_grad_norm=estimator.max_grad_norm,
            label_smoothing=getattr(estimator, "label_smoothing", 0.0),
            dropout=_rates(estimator, len(network.sizes) - 2),
            dropout_key=progress.dropout_key,
            threads=threads(estimator.n_threads),
        )
        self.steps = -(-len(sample) // batch)
        self.rows = Rows.of(network, sample.X, sample.T, loss, sample.weight)
        self.counting = counting(estimator._ending, sample)
        self.held_out = None if held_out is None else held_out.counted().merged()
        self.held_out_rows = (
            None
            if self.held_out is None
            else Rows.of(network, self.held_out.X, self.held_out.T, loss, self.held_out.weight, whose="validation ")
        )
        self.engine: Engine = engines.make(estimator.engine, network, self.plan)
        if progress.state is not None:
            self.engine.restore(progress.state)
        self.best_error = np.inf  # of the rows held out, where they scored best
        self.order = np.arange(len(sample))
        self.schedule = None if estimator.schedule is None else schedules.schedule(estimator.schedule)
        self.fading = schedules.schedule(self.plan.optimizer.decay_schedule)

    def run(self, epochs: int, watch: Watch, step_by_step: bool) -> bool:
        """Train at most `epochs` epochs, unless scikit-learn's rules or callbacks end it; return whether it converged.

        `step_by_step`: the caller decides when it is enough, so that reaching the last epoch is no failure.
        """
        estimator = self.estimator
        estimator.n_iter_, converged = 0, False
        keep_best = estimator.early_stopping and self.held_out is not None
        best = self.network.copy() if keep_best else self.network
        try:
            for epoch in range(epochs):
                watch.begin()
                finite = self.epoch(epoch)
                before = estimator.best_validation_score_ if keep_best else None
                if self.held_out is not None and self._judge(finite) and keep_best:
                    self.engine.store(best)
                converged = self._stop(before) and finite
                if watch.end(self._attributes) or converged or not finite:
                    break
            else:
                if not step_by_step:
                    warnings.warn(
                        f"Stochastic Optimizer: Maximum iterations ({epochs}) reached and the optimization hasn't "
                        "converged yet.",
                        ConvergenceWarning,
                        stacklevel=4,
                    )
        except KeyboardInterrupt:
            converged = False
            warnings.warn("Training interrupted by user.", stacklevel=4)
        if keep_best:
            self.network.weights, self.network.biases = best.weights, best.biases
        else:
            self.engine.store(self.network)
        self.progress.state = self.engine.state()
        return converged

    def epoch(self, number: int) -> bool:
        """One pass over the rows; False if the loss is not finite."""
        estimator = self.estimator
        if estimator.shuffle and not self.whole:
            # scikit-learn's own draws: the same rows in the same batches for the same random_state.
            shuffled = np.arange(len(self.order))
            self.random.shuffle(shuffled)
            self.order = self.order[shuffled]
        if self.plan.l2 and number:
            self.engine.store(self.network)
        penalty = backprop.penalty(self.plan.l2, self.network.weights)  # before the updates, as E itself is counted
        errors, _ = self.engine.train(self.rows, self.order[None], self.progress.steps, self._pace())
        self.progress.steps += self.steps
        estimator.n_iter_ += 1
        estimator.t_ += self.seen
        estimator.loss_ = self.counting.of(errors[0]) + penalty
        estimator.loss_curve_.append(estimator.loss_)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        return bool(np.isfinite(estimator.loss_))

    def _pace(self) -> Pace:
        """The numbers of each step of the next epoch."""
        epochs = self.estimator.max_iter
        first = min(self.progress.steps, self.steps * (epochs - 1))  # partial_fit may go on past the schedule's end
        still = np.ones(self.steps)
        if self.schedule is None:
            factor = still
        else:
            factor = schedules.factors(self.schedule, first, self.steps, self.steps, epochs)
        decay = self.plan.optimizer.weight_decay
        fading = schedules.factors(self.fading, first, self.steps, self.steps, epochs) if decay else still
        return Pace(self.progress.learning_rate * factor, decay * fading, still)

    def _judge(self, finite: bool) -> bool:
        """Score the validation rows; return whether it is the best score so far.

        With class weights, few rows may dominate the score, which then stays the same while the others are learnt: of
        equal scores the one with the lower loss is better. Otherwise the first is, as in scikit-learn.
        """
        estimator = self.estimator
        assert self.held_out is not None
        assert self.held_out_rows is not None
        score = error = np.nan
        if finite:
            error, outputs = self.engine.evaluate(self.held_out_rows)
            score = estimator._score_of(outputs, self.held_out) if np.isfinite(outputs).all() else np.nan
        estimator.validation_loss_curve_.append(counting(estimator._ending, self.held_out).of(float(error)))
        estimator.validation_scores_.append(float(score))
        if estimator.verbose:
            print(f"Validation score: {score:f}")
        best = bool(score > estimator.best_validation_score_)
        if score == estimator.best_validation_score_ and getattr(estimator, "class_weight", None) is not None:
            best = bool(error < self.best_error)
        if best:
            estimator.best_validation_score_, self.best_error = float(score), float(error)
        return best

    def _stop(self, best_score: float | None) -> bool:
        """scikit-learn's rules at the end of an epoch: the count of epochs without improvement, and α.

        `best_score`: of the epochs before, where the score counts; else None, and the loss does.
        """
        e, progress = self.estimator, self.progress
        if best_score is not None:
            better = not e.validation_scores_[-1] < best_score + e.tol
            what = "Validation score"
        else:
            best_loss = np.inf if e.best_loss_ is None else e.best_loss_
            better = not e.loss_ > best_loss - e.tol
            e.best_loss_ = e.loss_ if e.loss_ < best_loss else best_loss
            what = "Training loss"
        e._no_improvement_count = 0 if better else e._no_improvement_count + 1
        policy = e.learning_rate if e.solver == "sgd" else "constant"
        if policy == "invscaling":
            progress.learning_rate = float(e.learning_rate_init) / (e.t_ + 1) ** e.power_t
        if e._no_improvement_count <= e.n_iter_no_change:
            return False
        slower = policy == "adaptive" and progress.learning_rate > SMALLEST_RATE
        if slower:
            progress.learning_rate /= 5.0
            e._no_improvement_count = 0
        if e.verbose:
            then = f"Setting learning rate to {progress.learning_rate:f}" if slower else "Stopping."
            print(f"{what} did not improve more than tol={e.tol:f} for {e.n_iter_no_change} consecutive epochs. {then}")
        return not slower

    def _attributes(self) -> dict[str, Any]:
        """The fitted attributes with the current weights, for callbacks."""
        self.engine.store(self.network)
        return dict(self.estimator._weights_of(self.network))


def _batch_size(given: Any, n: int) -> int:
    if given == "auto":
        return min(LARGEST_BATCH, n)
    if given > n:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=6
        )
    return min(int(given), n)


def _rates(estimator: Any, hidden: int) -> tuple[float, ...]:
    rates = dropout.Dropout(estimator.dropout).rates(hidden)
    return rates if any(rates) else ()
