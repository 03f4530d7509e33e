"""What was trained beforehand: weights, and the figures of other runs."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from course.errors import CourseError
from course.files import write

FOLDER = Path(__file__).parent


def runs(name):
    """Return figures of runs that a lesson does not repeat, and how each of them was made.

    Args:
        name: such as "translation", for course/pretrained/translation.json.
    """
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def fingerprint(*vocabularies):
    """Return 16 hexadecimal digits that only the same lists of `Subwords` share.

    Args:
        vocabularies: `course.data.subwords.Subwords`.
    """
    pieces = [sorted(one.tokenizer.get_vocab().items()) for one in vocabularies]
    return hashlib.sha256(json.dumps(pieces).encode()).hexdigest()[:16]


def save_translator(model, english, spanish, path=FOLDER / "translator.npz"):
    """Store a model's weights in half precision, with the fingerprint of its pieces.

    It made what comes with the course; arguments as for `load_translator`.

    Raises:
        CourseError: the file cannot be written.
    """
    weights = {f"{i:02d}": w.astype("float16") for i, w in enumerate(model.get_weights())}
    data = io.BytesIO()
    np.savez_compressed(data, pieces=fingerprint(english, spanish), **weights)
    write(path, data.getvalue())


def load_translator(model, english, spanish, path=FOLDER / "translator.npz"):
    """Give a model the weights that lesson 10's long run ended with.

    Args:
        model: lesson 10's, with multiplicative attention and an encoder in two directions.
        english, spanish: its pieces, as learned from the training part with seed 0.
        path: a file that `save_translator` wrote.
    Raises:
        CourseError: the pieces or the model are others than those that were trained.
    """
    with np.load(path) as stored:
        if str(stored["pieces"]) != fingerprint(english, spanish):
            raise CourseError(
                "The trained weights belong to other pieces of words: leave seed, "
                "max_words and pairs_file as they are, or choose the preset short."
            )
        weights = [stored[name] for name in sorted(stored.files) if name != "pieces"]
    if [w.shape for w in weights] != [w.shape for w in model.get_weights()]:
        raise CourseError(
            "The trained weights belong to multiplicative attention without input feeding, "
            "over two directions: leave these as they are, or choose the preset short."
        )
    model.set_weights([w.astype("float32") for w in weights])
