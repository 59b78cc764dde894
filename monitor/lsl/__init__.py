"""Lab Streaming Layer: discovery, inlets, time stamps, outlets. The only package that imports pylsl."""
