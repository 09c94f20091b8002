"""Trainings that the doctor makes: changed set-ups, cut to a budget, a step at a time, at other rates."""
