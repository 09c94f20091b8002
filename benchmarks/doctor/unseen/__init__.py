"""Programs that the doctor was not made with: two sets, each of faulty ones with their fix, and of sound ones.

They are of the kind that is asked about in public: course work, tutorials with one line changed, first tables of one's
own. Each is given as facts in DeltaW's words; the rules that rightly name its cause were written down before any was
examined. A faulty one was admitted only where, trained over three seeds, it scores markedly worse than its fix, or
where its fault is of the kind that no score shows ("silent-fault"); a sound one only where it learns what others learn
from these rows. `python -m benchmarks.doctor.programs --set unseen-a --train` trains them all again and prints the
scores.
"""

from __future__ import annotations

import sys

from benchmarks.doctor.published import MNIST, Program
from benchmarks.doctor.unseen import first, second

SETS = {"unseen-a": first.PROGRAMS, "unseen-b": second.PROGRAMS}


def programs(which: str) -> list[Program]:
    """One of SETS; what needs MNIST is left out, with a line on stderr, where it is not there."""
    every = list(SETS[which])
    if MNIST.exists():
        return every
    without = [program for program in every if "mnist" not in program.name]
    print(f"{len(every) - len(without)} programs need {MNIST}, which is not there: left out", file=sys.stderr)
    return without
