"""Keep TensorFlow's start-up notices out of the notebooks.

They are written to file descriptor 2 by C++ code before TensorFlow reads the variable that
would silence them, and they differ from machine to machine. So that descriptor is closed
off while the module `tensorflow` loads, and only then; a Python error in it is raised as
ever.
"""

import contextlib
import importlib.abc
import importlib.machinery
import os
import sys


@contextlib.contextmanager
def no_stderr():
    """Discard what C++ code writes to standard error."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_quietly(module):
            with no_stderr():
                load(module)

        spec.loader.exec_module = load_quietly
        return spec


def install():
    """Make the first import of TensorFlow quiet."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
