"""How well it answers: beside others, on tables that nobody chose, by the clock, in the first hour."""
