"""The simulated amplifier and the replay of recordings, as LSL outlets."""
