"""The raw signal of a session on disk: XDF writing and scanning, the live ring, reading back."""
