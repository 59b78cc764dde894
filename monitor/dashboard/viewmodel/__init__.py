"""The content of the screen, computed without Qt."""
