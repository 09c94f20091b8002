"""What a finished training shows by itself, without another look."""

from __future__ import annotations

from deltaw.models import GUESS, METRICS, Model


def outcome(model: Model) -> str:
    """One line on a training that did not go well, or "" for one of which nothing can be said."""
    history, scores = model.history, model.scores
    if history.ended == "diverged":
        return f"fault, diverged: E or a weight was no longer a number after epoch {len(history)}"
    if scores is None:
        return ""
    headline = METRICS[model.task][0]
    reached, guess = scores[headline.name], scores.baseline[headline.name]
    better = reached > guess if headline.higher_is_better else reached < guess
    if better:
        return ""
    return (
        f"fault, learnt nothing: {headline.title} {headline.show(reached)} on rows never trained on, "
        f"{headline.show(guess)} for {GUESS[model.task]}"
    )
