"""From a path, a pattern or a data frame to a table: the bytes, the format, the columns as the file has them."""
