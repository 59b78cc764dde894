"""Pages over or instead of the panels: start screen, summary, bio-calibration."""
