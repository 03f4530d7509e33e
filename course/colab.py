"""What a notebook does on Colab, once its setup cell has installed this package."""

import importlib.util
import platform
import subprocess
import sys
from importlib import metadata

from course.errors import CourseError

# What the notebooks import beyond what Colab is sure to have, by the name to install.
# All are pure Python, but for espeakng-loader, rapidfuzz and psygnal, which carry what they
# need. psygnal serves anywidget, rapidfuzz serves jiwer.
# TensorFlow, Keras and NumPy stay as Colab ships them.
PACKAGES = {
    "anywidget": "anywidget",
    "colorama": "colorama",
    "docopt": "docopt",
    "espeakng_loader": "espeakng-loader",
    "filelock": "filelock",
    "jiwer": "jiwer",
    "num2words": "num2words",
    "platformdirs": "platformdirs",
    "portalocker": "portalocker",
    "psygnal": "psygnal",
    "rapidfuzz": "RapidFuzz",
    "sacrebleu": "sacrebleu",
}


def prepare():
    """Install the missing packages of `PACKAGES`, then print versions.

    Raises:
        CourseError: pip failed.
    """
    missing = [
        package
        for module, package in PACKAGES.items()
        if importlib.util.find_spec(module) is None
    ]
    if missing:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *missing]
        if subprocess.run(pip, check=False).returncode != 0:
            raise CourseError(
                f"Could not install {', '.join(missing)}: run this cell again."
            )
        importlib.invalidate_caches()
    versions = [f"Python {platform.python_version()}"]
    versions += [
        f"{label} {metadata.version(label)}"
        for label in ("TensorFlow", "Keras", "NumPy", "rnn-course")
    ]
    print(", ".join(versions))
