"""The panels of the window: numbers, log, overview, top bar, key bar."""
