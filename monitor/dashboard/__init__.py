"""The screen: a viewer of a session folder, in its own process. It records and detects nothing."""
