"""Two scorings of the same nights against each other."""
