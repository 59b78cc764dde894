"""The live trace: sweep, lanes, marks, scroll-back."""
