"""The notes in NumPy, float64, in the notes' own letters.

Read `backprop` first: it is the whole method on one page. The tables beside it hold what it is made of,
one row for one thing. Tests compare every engine with this room; it imports nobody but `exceptions`.
"""
