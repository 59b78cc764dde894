"""The simulated amplifier and the replay of recordings, both as LSL outlets."""
