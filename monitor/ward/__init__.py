"""All beds of the network on one screen. It listens; it records nothing and asks no bed for anything."""
