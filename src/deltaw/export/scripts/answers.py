"""The answers of an exported file of Python to the rows of its check: answers.py FORM CHECK."""

# mypy: ignore-errors
# ruff: noqa
# fmt: off
import json, math, runpy, sys
form, check = runpy.run_path(sys.argv[1]), json.load(open(sys.argv[2], encoding="utf-8"))
rows = [dict(zip(check["columns"], row)) for row in check["rows"]]
classes, answer, predict = form["CLASSES"], form["answer"], form["predict"]
answers, labels = [], None
if classes:  # an answer is long in coming: those that predict asks for are kept
    predict.__globals__["answer"] = lambda row: answers.append(answer(row)) or answers[-1]
    labels = [classes.index(predict(row)) for row in rows]
print(json.dumps({"model": form["MODEL"], "answers": answers or list(map(answer, rows)), "labels": labels}))
