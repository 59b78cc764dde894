"""All beds of the network on one screen. It only listens."""
