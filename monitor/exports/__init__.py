"""A session in the forms other programs open: EDF+, BIDS, CSV, XDF."""
