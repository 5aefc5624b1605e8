"""What processes that last tell Python's garbage collector."""

import gc


def keep_what_is_loaded() -> None:
    """Let the garbage collector pass over all there is now: it lasts as long as the process."""
    gc.collect()
    gc.freeze()
