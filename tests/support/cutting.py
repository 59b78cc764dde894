"""Cut a signal into chunks of some sizes in turn."""


def parts(n, sizes):
    """Yield the slices of `n` samples, of the given sizes in turn, until all are used up."""
    at, turn = 0, 0
    while at < n:
        yield slice(at, at + sizes[turn % len(sizes)])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
