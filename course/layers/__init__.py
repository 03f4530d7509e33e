"""Drop-in Keras layers that are faster on a CPU."""

from course.layers.lstm import LSTM

__all__ = ["LSTM"]
