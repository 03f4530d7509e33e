"""Drop-in Keras layers that train faster on a CPU, and attention with its projections."""

from course.layers import memory
from course.layers.attention import AdditiveAttention, InputFeeding, MultiplicativeAttention
from course.layers.gru import GRU
from course.layers.lstm import LSTM
from course.layers.simple_rnn import SimpleRNN

__all__ = [
    "GRU",
    "LSTM",
    "AdditiveAttention",
    "InputFeeding",
    "MultiplicativeAttention",
    "SimpleRNN",
]

memory.keep()
