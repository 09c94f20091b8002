"""`train`: train a network on rows in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deltaw import engines
from deltaw.engines.rows import Rows, Scale
from deltaw.equations import losses, optimizers, schedules
from deltaw.equations.backprop import Rule
from deltaw.equations.dropout import Dropout
from deltaw.exceptions import SettingError, TrainingInterrupted
from deltaw.given import described
from deltaw.network import Network, check_network
from deltaw.training.checkpoints import EVERY, Checkpoints, check_asked, digest
from deltaw.training.epochs import Callback, Training
from deltaw.training.history import History
from deltaw.training.stopping import EarlyStopping


def train(
    network: Network,
    X: ArrayLike,
    T: ArrayLike,
    *,
    loss: str | losses.Loss = "squared",
    optimizer: str | optimizers.Optimizer = "sgd",
    learning_rate: float = 0.1,
    batch_size: int = 1,
    epochs: int = 5,
    shuffle: bool = True,
    seed: int = 0,
    backward: Rule = "gradient",
    schedule: str | schedules.Schedule = "constant",
    l2: float = 0.0,
    dropout: float | Sequence[float] | Dropout = 0.0,
    sample_weight: ArrayLike | None = None,
    validation: Sequence[Any] | None = None,
    early_stopping: int | EarlyStopping | None = None,
    callbacks: Iterable[Callback] = (),
    engine: str = "native",
    device: str | None = None,
    threads: int | None = None,
    label_smoothing: float = 0.0,
    max_grad_norm: float | None = None,
    input_scale: float | Scale | None = None,
    telemetry: bool = False,
    checkpoint: str | Path | None = None,
    every: str | float = EVERY,
    resume: bool = False,
) -> History:
    """Train the network in place.

    Args:
        network: its weights are the starting point and receive the result.
        X: inputs (n, n_in): float32, float64, uint8, a SciPy sparse matrix, or `deltaw.Encoded` rows.
        T: targets (n, n_out); or integer labels (n,) for cross_entropy.
        loss: the error function, "squared", "huber(0.5)", …; see `deltaw.equations.losses`.
        optimizer: "sgd", "adam", … or an object such as Adam(beta1=0.95); see `deltaw.equations.optimizers`.
        learning_rate: α, the factor of the gradient in each step.
        batch_size: rows per step; the last batch of an epoch may be smaller. ∂E/∂W is the mean over its rows.
        epochs: passes over the data.
        shuffle: a new random order each epoch; otherwise as given.
        seed: random seed of the row orders and the dropout masks.
        backward: "gradient", the chain rule, or "notes", the notes' split error; see `equations.backprop`.
        schedule: how α changes over the epochs: "constant", "cosine", …; see `deltaw.equations.schedules`.
        l2: adds ½ l2 Σ W² to E (not for biases).
        dropout: share of each hidden layer's outputs to drop; one rate, one a hidden layer, or a Dropout.
        sample_weight: weights of the rows, (n,); only their ratios matter.
        validation: (X, T) or (X, T, sample_weight) that is never trained on.
        early_stopping: patience in epochs, or an `EarlyStopping`; needs validation. Keeps the best weights.
        callbacks: called with an `Epoch` after each epoch; one that returns True ends training.
        engine: "native" (C++, float32), "reference" (the equations, float64), or "torch" (the equations in float32 on
            PyTorch: GPUs, and several processes; "torch(precision='tf32')" and "…'bf16'" are quicker and coarser).
        device: for engine "torch": "cpu", "cuda", "cuda:1", "mps"; None: a GPU if there is one.
        threads: maximum number of threads, up to 1,024; None: chosen by the engine. The result does not depend on it.
        label_smoothing: share of every target that is spread over all outputs.
        max_grad_norm: the gradient of all layers together is clipped to this length.
        input_scale: a number, or (multiply, offset), applied to X on its way in: (0.99 / 255, 0.01) for pixels.
        telemetry: take a `Look` inside the network each epoch (saturation, dead units, lengths of gradients and
            updates), into the history and for the callbacks. It changes no bit of the result.
        checkpoint: folder for this training's checkpoints, written at intervals, at the end and on interruption
            (Ctrl-C, SIGTERM). If the disk is full, the training goes on without. The last two are kept.
        every: interval between checkpoints: "60s", "5m", "2h", "5epochs", or seconds.
        resume: continue from the last checkpoint, with the same result, bit for bit, as an uninterrupted training on
            the same processor; if there is none, start from the beginning. The network has to be the one that training
            started from, and all else the same except threads and callbacks. More epochs are allowed: schedules then
            use their number from here on.

    Returns:
        The `History`. Training ends early, with `ended` "diverged", when E is not finite.

    Raises:
        InputError: data that does not fit the network or the loss.
        SettingError: a setting that cannot be.
        OutputError: the folder of checkpoints cannot be written to.
        TrainingInterrupted: on Ctrl-C, after the running batch; the network keeps what was learnt.

    Examples:
        >>> import numpy as np, deltaw
        >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
        >>> T = (X[:, :1] * X[:, 1:] > 0).astype(float)            # (200, 1)
        >>> net = deltaw.Network([2, 8, 1], ["tanh", "sigmoid"])
        >>> history = deltaw.train(net, X, T, loss="binary_cross_entropy", optimizer="adam", epochs=20)
        >>> len(history.loss), history.loss[-1] < history.loss[0]
        (20, True)
    """
    check_asked(checkpoint, resume)
    begun = {} if checkpoint is None else {"initial weights": digest(*network.weights, *network.biases)}
    training = begin(
        network, X, T, sample_weight=sample_weight, validation=validation, input_scale=input_scale,
        loss=loss, optimizer=optimizer, learning_rate=learning_rate, batch_size=batch_size, epochs=epochs,
        shuffle=shuffle, seed=seed, backward=backward, schedule=schedule, l2=l2, dropout=dropout,
        early_stopping=early_stopping, callbacks=callbacks, engine=engines.on(engine, device), threads=threads,
        label_smoothing=label_smoothing, max_grad_norm=max_grad_norm, telemetry=telemetry,
    )  # fmt: skip
    if checkpoint is None:
        if complete(training):
            raise TrainingInterrupted(training.history)
        return training.history
    with Checkpoints(checkpoint, made_of(training) | begun, training.epochs, every, resume) as checkpoints:
        if complete(training, checkpoints):
            raise TrainingInterrupted(training.history, by=checkpoints.signal)
    return training.history


def begin(
    network: Network, X: ArrayLike, T: ArrayLike, *, loss: str | losses.Loss, sample_weight: ArrayLike | None = None,
    validation: Sequence[Any] | None = None, input_scale: float | Scale | None = None, **settings: Any,
) -> Training:  # fmt: skip
    """The `Training` of `train` before its first epoch; also takes other arguments of `Training`. Raises as `train`."""
    check_network(network)
    row = of_minimum(loss)
    rows = Rows.of(network, X, T, row, sample_weight, input_scale)
    return Training(network, rows, validation_rows(network, validation, row, input_scale), loss=row, **settings)


def complete(training: Training, checkpoints: Checkpoints | None = None, number: int = 0) -> bool:
    """Train all remaining epochs, and write the final weights into the network; return whether Ctrl-C ended it.

    Args:
        checkpoints: of the run; this training is its `number`-th.
    """
    try:
        if checkpoints is not None:
            checkpoints.go_on(number, training)
        while not training.over:
            training.advance()
            if checkpoints is not None:
                checkpoints.note(number, training)
    except KeyboardInterrupt:
        training.history.ended = "interrupted"
        if checkpoints is not None:
            checkpoints.write()
    return training.finish().ended == "interrupted"


def made_of(training: Training) -> dict[str, Any]:
    """The identity of a training for `Checkpoints`, without its initial weights."""
    network, plan, held_out, stopping = training.network, training.plan, training.held_out, training.best
    rule = None if stopping is None else stopping.rule
    return {
        "the training rows": _digest_of(training.rows),
        "the validation rows": None if held_out is None else _digest_of(held_out),
        "sizes": network.sizes,
        "activations": network.activations,
        "bias": network.bias,
        "loss": plan.loss.name,
        "optimizer": plan.optimizer.spec,
        "learning_rate": training.alpha,
        "batch_size": plan.batch_size,
        "shuffle": bool(training.shuffle),
        "seed": training.seed,
        "backward": plan.rule,
        "schedule": training.pattern.name,
        "l2": plan.l2,
        "dropout": list(plan.dropout),
        "dropout's schedule": training.thinning.name,
        "patience": None if rule is None else rule.patience,
        "min_delta": None if rule is None else rule.min_delta,
        "looks": [] if rule is None else list(rule.looks),
        "engine": training.engine,
        "label_smoothing": plan.label_smoothing,
        "max_grad_norm": plan.max_grad_norm,
        "telemetry": plan.watched,
    }


def _digest_of(rows: Rows) -> str:
    return digest(rows.X, rows.T, rows.weight, np.array(rows.scale))


def of_minimum(loss: str | losses.Loss) -> losses.Loss:
    """The loss of that name. Raises SettingError for an unknown one, or one without a minimum."""
    row = losses.loss(loss)
    if not row.minimum:
        raise SettingError(
            "loss: expected one that has a minimum, found '{name}', where errors of opposite sign cancel and "
            "E falls without end; use 'squared' instead",
            name=row.name,
        )
    return row


def validation_rows(
    network: Network, validation: Sequence[Any] | None, loss: losses.Loss, scale: float | Scale | None
) -> Rows | None:
    """The checked validation rows, or None."""
    if validation is None:
        return None
    if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
        raise SettingError("validation: expected (X, T) or (X, T, sample_weight)", described(validation), "give these")
    X, T, *weight = validation
    return Rows.of(network, X, T, loss, weight[0] if weight else None, scale, "validation ")
