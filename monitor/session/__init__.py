"""The night on disk: the journal (the truth), the raw signal, the fold of what is known, its tables."""
