"""The doctor's trainings: changed set-ups, within a budget, step by step, at other learning rates."""
