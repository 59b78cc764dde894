"""Two scorings of the same recordings against each other."""
