"""Let the process keep the memory that a training step frees, for the next one.

XLA asks for the room of a whole step in one block. On Linux, the C library gives so large a
block back to the system as soon as it is free, and at the next step the system has to hand
out and clear it again, page by page: that was a fifth of a training step.
"""

import ctypes
import os
import platform

# The numbers that <malloc.h> of the GNU C library gives to these settings.
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4
SETTINGS = {TRIM_THRESHOLD: 2**31 - 1, TOP_PAD: 2**26, MMAP_MAX: 0}


def keep():
    """Keep freed memory in this process, if it runs on the GNU C library.

    A user who has set this library's own variables, `MALLOC_…_`, is left alone.

    Returns:
        Whether freed memory is kept now.
    """
    chosen = any(name.startswith("MALLOC_") for name in os.environ)
    if platform.libc_ver()[0] != "glibc" or chosen:
        return False
    set_option = ctypes.CDLL(None).mallopt
    taken = [set_option(option, value) for option, value in SETTINGS.items()]
    return all(taken)
