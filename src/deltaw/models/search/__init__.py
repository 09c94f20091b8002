"""Networks by drawn settings, and which of them answer together: `tune`, and the recipe `accurate` by the clock."""
