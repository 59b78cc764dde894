"""The recorder: joins LSL, detector, journal, score and outlets. No Qt, no arithmetic of its own."""
