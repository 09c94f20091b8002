"""Tables of options that several commands share."""
