"""Where tables come from: packages of R and of Python, folders; and how their rows are divided."""
