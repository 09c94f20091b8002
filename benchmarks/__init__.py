"""What is measured, a room a question, each file a command that is run from above: `python -m benchmarks.ROOM.FILE`.

- `accuracy`: how well does it answer, beside others, on tables that nobody chose, in so many seconds?
- `recipe`: what is a rule of the recipe worth?
- `costs`: what does a training take of time, memory and disk?
- `doctor`: does the doctor find what is broken, and is it silent where nothing is?
- `tables`: the tables that these are asked of.
"""
