"""All beds of the network on one screen. The ward only receives."""
