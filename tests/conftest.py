"""Puts this folder on the import path, so that tests can share `starts`; Hypothesis draws the same examples each run."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")
