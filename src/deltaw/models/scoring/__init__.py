"""How good answers are: the table of scores, what they are held against, and what the columns are worth."""
