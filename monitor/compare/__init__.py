"""Compare two scorings of the same recordings."""
