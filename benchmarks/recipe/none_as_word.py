"""Whether "None" is an answer or a gap in columns of few words.

    python -m benchmarks.recipe.none_as_word

The tables of R's packages know which cells are gaps: of columns of 2 to 20 words it prints those in which the word None
stands beside gaps that are marked as such, and counts those in which gaps are as many as a class.
"""

from __future__ import annotations

import contextlib
import io

import pandas as pd

from benchmarks import commands
from benchmarks.tables import public

ROWS, COLUMNS, WORDS = (40, 20_000), 60, (2, 20)
SHARE = 0.05


def tables() -> list[tuple[str, pd.DataFrame]]:
    """Those of a moderate size with columns of words."""
    known = public.summary()
    some = known[known.Rows.between(*ROWS) & (known.Cols < COLUMNS) & (known.n_character + known.n_factor > 0)]
    found = []
    for package, item in some[["Package", "Item"]].itertuples(index=False):
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            if (table := public.whole(package, item)) is not None:
                found.append((f"{package}/{item}", table))
    return found


def main() -> None:
    """Print both."""
    commands.parser(__doc__).parse_args()
    gaps, nones = 0, 0
    for name, table in tables():
        for column in table.select_dtypes(exclude=["number", "bool", "datetime"]):
            words = table[column].dropna().astype(str).str.strip().str.lower()
            if not WORDS[0] <= words.nunique() <= WORDS[1]:
                continue
            gaps += table[column].isna().mean() >= SHARE
            if share := (words == "none").mean():
                nones += 1
                print(f"{name} {column}: None in {share:.1%}, gaps in {table[column].isna().mean():.1%}")
    print(f"{nones} columns with the word None; {gaps} in which {SHARE:.0%} are gaps or more")


if __name__ == "__main__":
    main()
