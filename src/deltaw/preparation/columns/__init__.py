"""Steps: what is learnt of a column on training rows, and makes features of its cells."""
