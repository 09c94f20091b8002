"""Files that travel: a trained model, with its preparation, wherever it is needed.

`operations` says what there is to do with a row, `program` writes a model as a list of that, `running` runs the list.
"""
