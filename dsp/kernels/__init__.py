"""Kernels of the detector: compiled functions on the records of `dsp.state`, without allocation.

`loop` calls the others in the order of the signal: `filters`, `envelope`, `baseline`, `movement`, `quality`.
"""
