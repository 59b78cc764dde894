"""What a notebook needs besides the detector and the scorer: its own kinds of data, plots, many files."""
