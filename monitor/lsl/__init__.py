"""Lab Streaming Layer: find, read, stamp, send. The only room that imports pylsl."""
