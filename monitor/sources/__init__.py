"""Things that look like an amplifier: the simulator and the replay of recordings, both as LSL outlets."""
