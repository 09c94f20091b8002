"""Whose rows: which are learnt from and which score, how much each counts, and how the network takes them."""
