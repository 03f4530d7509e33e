"""The package behind the course on recurrent neural networks.

Importing it is cheap: only the standard library is used here, and TensorFlow is
loaded by whatever needs it.
"""

import os
from pathlib import Path

from course import quiet

__version__ = "0.1.0"

# The clone that holds the notebooks; in an installed copy, site-packages.
ROOT = Path(__file__).resolve().parent.parent

# These are read when TensorFlow and Keras are first imported, which is later than this.
# The lessons are written for this backend, and a page of start-up notices teaches nothing.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
quiet.install()


def environment():
    """Return the environment variables with which Python finds the course anywhere."""
    places = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(places)}
