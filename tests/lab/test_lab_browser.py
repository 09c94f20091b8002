"""The built page of the lab in a real browser, by playwright-core and axe-core: a test for each check.

The default run makes two quick ones; the rest are slow. All are skipped, with a word, where chromium or
lab/node_modules are missing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAB = ROOT / "lab"
PAGE = ROOT / "src" / "deltaw" / "live" / "page.html"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

QUICK = ("opens_and_asks_for_nothing", "a_table_with_gaps_and_words")
SLOW = (
    "it_trains_without_workers",
    "a_thread_that_ends_is_replaced",
    "every_control_is_reached_and_named",
    "nobody_is_kept_out",
    "rewinding_is_exact",
    "what_came_to_its_end_goes_on",
    "a_fork_is_two_runs",
    "a_link_holds_all",
    "a_link_waits_for_its_table",
    "a_saved_page_opens_where_it_was_left",
    "what_a_stranger_drops_is_read",
    "a_large_table_leaves_the_page_free",
    "many_classes_are_shown_in_part",
    "a_survey_is_seen",
    "a_drawn_digit_is_read",
    "both_languages_and_colours",
    "a_telephone_shows_all",
    "whatever_is_pressed_nothing_breaks",
    "a_teacher_hides_what_distracts",
    "a_lesson_goes_on_when_it_is_done",
    "a_model_file_goes_on_with_its_table",
    "other_rows_are_answered",
    "what_cannot_be_read_is_said",
    "numbers_by_hand_are_numbers",
    "pictures_are_taken_along",
    "a_page_within_a_page_has_no_link",
    "columns_and_scaling_are_chosen",
    "all_lessons_are_followed",
    "a_wrong_choice_is_undone",
    "a_lesson_goes_on_from_a_link",
    "who_does_not_see_it_hears_it",
    "it_fits_on_a_projector_and_enlarged",
    "nobody_is_kept_out_of_the_rest",
)

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed"),
    pytest.mark.skipif(not shutil.which("node"), reason="node is not installed"),
    pytest.mark.skipif(
        not (LAB / "node_modules" / "playwright-core").is_dir(),
        reason="lab/node_modules is missing: npm ci in lab installs it",
    ),
]


def checked(*names: str) -> dict[str, dict[str, object]]:
    """Check -> what came of it; one browser for all of them."""
    done = subprocess.run(
        ["node", str(LAB / "tests" / "browser.mjs"), str(PAGE), *names],
        capture_output=True, text=True, encoding="utf-8", timeout=900, check=False,
        env={**os.environ, "CHROMIUM": str(CHROMIUM)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_the_page_opens_and_takes_a_table() -> None:
    found = checked(*QUICK)
    assert set(found) == set(QUICK)
    assert all(each["ok"] for each in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize("check", SLOW)
def test_in_the_browser(check: str) -> None:
    found = checked(check)
    assert found[check]["ok"], found[check]["why"]


def test_every_check_is_run() -> None:
    text = (LAB / "tests" / "browser.mjs").read_text(encoding="utf-8")
    assert all(f"async {check}(" in text for check in (*QUICK, *SLOW))
    assert text.count("\n  async ") == len(QUICK) + len(SLOW)
