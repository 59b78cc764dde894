"""Thousands of recordings: what is done stays done, one bad file stops nothing, one table of all nights."""
