"""Readers of the file formats.

- text: `delimited.py` (CSV and its relatives, with `encodings.py`, `letters.py`, `alphabets.py`, `pairs.py`,
  `separators.py`, `heads.py` and `careful.py`), `pieces.py` (large text in pieces), `json_lines.py`;
- columnar: `columnar.py` (Parquet, Arrow), `together.py` (many small Parquet files), `batches.py` (Arrow streams);
- others: `workbooks.py`, `arrays.py` (NPZ, IDX), `pixels.py` (images in any of them), `zipped.py`.
"""
