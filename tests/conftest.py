"""Puts this folder on the import path, for `starts` and `whole`; makes Hypothesis draw the same in every run."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")
