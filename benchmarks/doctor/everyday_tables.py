"""The doctor on thirty everyday tables, trained by the default recipe: none of them may have a fault.

    python -m benchmarks.doctor.everyday_tables [--only NAME …] [--seconds 8] [--markdown] [--file FILE] [--for SECONDS]

The five tables that scikit-learn brings and twenty-five that R packages bring, many with a rare class. Each is trained
once; the scores of network and guess (class shares or mean of the training rows) are on rows that nothing chose.
"train says": the closing line of `deltaw train`. "doctor": faults and risks of `deltaw doctor DATA`, and of
`deltaw doctor MODEL DATA`.
"""

from __future__ import annotations

from typing import Any

from sklearn.metrics import roc_auc_score

from benchmarks import commands, kept
from benchmarks.tables import public
from deltaw import models
from deltaw.doctor import Diagnosis, diagnose, examine_model, outcome, planned
from deltaw.models import Model, Scores
from deltaw.tables import BUNDLED

MOST_ROWS = 3000

TABLES = (*BUNDLED, "Default", "Caravan", "OJ", "Carseats", "Hitters", "Wage", "Auto", "biopsy", "Pima", "crabs",
          "Boston", "birthwt", "HMDA", "SmokeBan", "CPS1985", "HousePrices", "ResumeNames", "Arrests", "Titanic",
          "Mroz", "penguins", "attrition", "mlc_churn", "concrete", "spam7")  # fmt: skip


def row_of(name: str, seconds: float) -> dict[str, Any]:
    """One line: what was learnt, and what is said about it."""
    table, target = public.load(name, MOST_ROWS)
    plan = models.plan(table, target)
    model = models.run(plan)
    assert model.scores is not None
    said = [diagnose(planned(plan), seconds=seconds), examine_model(model, table, seconds=seconds)]
    return {
        "table": name, "rows": len(table.frame), "test": model.scores.rows, "task": model.task,
        "share": commonest(model),
        "scores": scores(model.scores), "train": outcome(model, plan),
        "faults": [findings(d, "fault") for d in said], "risks": [findings(d, "risk") for d in said],
    }  # fmt: skip


def commonest(model: Model) -> float | None:
    """The share of the commonest class among the test rows; None for numbers."""
    assert model.scores is not None
    counts = model.scores.confusion
    return None if counts is None else float(counts.sum(axis=1).max() / counts.sum())


def scores(known: Scores) -> list[tuple[float, float]]:
    """(network, guess) of each measure: log loss and AUC (one class against the rest, by shares), or R²."""
    result = known.outcome
    assert result is not None
    if result.probabilities is None:
        return [(known["r2"], known.baseline["r2"])]
    one = result.probabilities[:, 1] if result.probabilities.shape[1] == 2 else result.probabilities
    auc = float(roc_auc_score(result.truth, one, multi_class="ovr", average="weighted"))
    return [(known["log_loss"], known.baseline["log_loss"]), (auc, 0.5)]


def findings(diagnosis: Diagnosis, severity: str) -> list[str]:
    """The rules that found something of a severity."""
    return [f.rule for f in diagnosis.findings if f.severity == severity]


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table of docs/doctor-programs.md, and how many alarms there were."""
    lines = [
        "| table | rows, tested | commonest | log loss or R², baseline | AUC | `train` says | a plan | a model |",
        "|---" * 8 + "|",
    ]
    for row in rows:
        (reached, guess), *more = row["scores"]
        auc = f"{more[0][0]:.3f}" if more else "–"
        share = "–" if row["share"] is None else f"{row['share']:.0%}"
        worse = [", ".join([*(f"**{f}**" for f in fault), *(f"`{r}`" for r in risk)]) or "none"
                 for fault, risk in zip(row["faults"], row["risks"], strict=True)]  # fmt: skip
        lines.append(
            f"| {row['table']} | {row['rows']}, {row['test']} | {share} | {reached:.3f}, {guess:.3f} | {auc} "
            f"| {row['train'] or 'nothing'} | {worse[0]} | {worse[1]} |"
        )
    alarmed = [row["table"] for row in rows if any(row["faults"]) or row["train"].startswith("fault")]
    return "\n".join([*lines, "", f"With a fault: {len(alarmed)} of {len(rows)}. {', '.join(alarmed)}".rstrip()])


def main() -> None:
    parser = commands.parser(__doc__)
    parser.add_argument("--only", nargs="+", default=list(TABLES), choices=TABLES, metavar="NAME", help="these tables")
    parser.add_argument("--seconds", type=float, default=8.0, help="for an examination")
    parser.add_argument("--markdown", action="store_true", help="the table of docs/doctor-programs.md")
    commands.keeps_rows(parser, "a table")
    options = parser.parse_args()
    rows = kept.rows(options.only, options.file, lambda name: row_of(name, options.seconds), options.limit)
    print(markdown(rows) if options.markdown else markdown(rows).splitlines()[-1])


if __name__ == "__main__":
    main()
