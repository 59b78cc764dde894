"""From samples to facts about movements: the same path for a live night and for a file."""
