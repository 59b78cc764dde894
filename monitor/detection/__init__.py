"""From samples and stamps to facts about movements: the same path for a live session and a file."""
