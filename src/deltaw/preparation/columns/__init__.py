"""Steps, one per column: fitted on training rows, they turn cells into features."""
