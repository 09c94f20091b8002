"""Runs in MLflow (https://mlflow.org), by its fluent interface."""

from __future__ import annotations

from typing import Any

from deltaw.callbacks import facts
from deltaw.exceptions import SettingError
from deltaw.models import Model, Plan, ScoredEpoch
from deltaw.tables.reading.loading import first_line

STATUS = {"interrupted": "KILLED", "diverged": "FAILED"}  # how a training ended -> how MLflow calls it
LONGEST = 500  # characters of a value that every MLflow keeps


class MLflow:
    """Makes a run of each training: settings as parameters, losses and the score of each epoch as metrics, then the
    scores on the rows that were never trained on as `test_accuracy`, ….

    Where a run is active already, it is that one, and it stays open. Where to and in which experiment, MLflow's own
    settings say (`mlflow.set_tracking_uri`, `mlflow.set_experiment`).

    Args:
        name: of the run; MLflow finds one where it is not given.

    Raises:
        MissingError: MLflow is not installed.
        SettingError: it cannot write where its settings say; raised by `deltaw.fit`, before the training.
    """

    def __init__(self, name: str | None = None) -> None:
        try:
            import mlflow
        except ImportError as error:
            raise facts.missing("MLflow", "mlflow") from error
        self._mlflow: Any = mlflow
        self._name, self._score, self._ours = name, "score", False

    def started(self, plan: Plan) -> None:
        """A run begins, by `plan`; called by `deltaw.fit`.

        It starts the run, with rows and settings as its parameters.

        Raises:
            SettingError: see above.
        """
        try:
            self._start(plan)
        except self._mlflow.MlflowException as error:  # no server answers, or the client alone has no database
            instead = "name one by MLFLOW_TRACKING_URI, or pip install mlflow"
            raise SettingError("MLflow: expected a place for runs", first_line(error), instead) from error

    def _start(self, plan: Plan) -> None:
        self._score = facts.metric_name(plan)
        self._ours = self._mlflow.active_run() is None
        if self._ours:
            self._mlflow.start_run(run_name=self._name)
        rows = {f"{name}_rows": count for name, count in facts.rows(plan).items()}
        values = {"data": plan.table.name} | rows | facts.settings(plan)
        self._mlflow.log_params({name: str(value)[:LONGEST] for name, value in values.items()})

    def __call__(self, epoch: ScoredEpoch) -> None:
        self._mlflow.log_metrics(facts.measured(epoch, self._score), step=epoch.number)

    def ended(self, model: Model) -> None:
        """A run has ended, stopped early or by Ctrl-C, with a `model`.

        It logs the scores as `test_…`, and ends the run, FINISHED or KILLED.
        """
        self._mlflow.log_metrics(facts.scores(model))
        self._end(STATUS.get(model.history.ended, "FINISHED"))

    def failed(self, error: BaseException) -> None:
        """A run ends without a model, by `error`, which is then raised. It ends the run, FAILED."""
        self._end("FAILED")

    def _end(self, status: str) -> None:
        if self._ours:
            self._mlflow.end_run(status)
