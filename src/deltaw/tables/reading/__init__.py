"""Reading: from a path, a pattern or a data frame to a `Table`.

- `read.py` chooses the reader; `source.py` has its options (`Reading`), `loading.py` the bytes of a file, decompressed;
- `formats/` has a module per file format, `frames.py` and `containers.py` read objects of Python, `bundled.py` the data
  sets of scikit-learn;
- `shards.py` reads several files of one table, with types that agree (`sorts.py`), `slices.py` and `streams.py` rows in
  batches; `changes.py` makes sure that files do not change meanwhile;
- `halving.py` and `places.py` save memory for large tables; `answers.py` and `totals.py` look for words and rows that
  may not be data; `draws.py` shuffles rows on disk.
"""
