"""Kernels of the detector: compiled functions over the records of `dsp.state` that allocate nothing.

`loop` calls the others in the order of the signal: `filters`, `envelope`, `baseline`, `movement`, `quality`.
"""
