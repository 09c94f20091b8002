"""The doctor's trials have time limits: here they count processor time, so that a busy machine changes no verdict."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import pytest

from deltaw.doctor.trials import clock


@pytest.fixture(autouse=True, scope="module")
def processor_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """For all modules but that of the clock itself."""
    with pytest.MonkeyPatch.context() as patched:
        if request.module.__name__ != "test_doctor_clock":
            patched.setattr(clock, "perf_counter", process_time)
        yield
