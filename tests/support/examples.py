"""How many examples a property is tried on."""

from hypothesis import settings


def examples(n: int, **others) -> settings:
    """Ask for `n` examples in the profile `dev`, and for as many times more as another profile tries."""
    factor = settings.default.max_examples // settings.get_profile("dev").max_examples
    return settings(max_examples=n * factor, **others)
