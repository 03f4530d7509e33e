"""What the fast layers share: when to be fast, and the order of time."""

import keras
import tensorflow as tf


class FastLoop:
    """Replace a Keras recurrent layer's loop over time; all the rest stays Keras' own.

    A layer inherits from this class and from its Keras layer, and defines `_loop`.

    Attributes:
        engine: who computed the last call: "course", "keras", or None before the first one.
    """

    engine = None

    def inner_loop(self, sequences, initial_state, mask, training=False):
        self.engine = "course" if self._is_covered() else "keras"
        if self.engine == "keras":
            return super().inner_loop(sequences, initial_state, mask, training)
        if training and self.dropout:
            # One dropout mask for all steps, as in Keras.
            sequences *= self.cell.get_dropout_mask(sequences[:, 0])[:, None]
        x, mask = self._in_time(sequences), tf.nest.flatten(mask)[0]
        if mask is not None:
            mask = self._in_time(tf.cast(mask, tf.bool))[..., None]
        h, states = self._loop(x, mask, *tf.nest.flatten(initial_state))
        last = states[0]
        if mask is not None:
            # A masked step repeats the output before it; before the first real step, that
            # is zero.
            real = mask
            if not self.zero_output_for_mask:
                real = tf.cumsum(tf.cast(mask, tf.int32)) > 0
            h = tf.where(real, h, tf.zeros_like(h))
            last = h[-1]
        return last, _swap(h), states

    def _in_time(self, tensor):
        """Return (batch, time, ...) with time first: a step is then one block of memory."""
        tensor = _swap(tensor)
        return tf.reverse(tensor, axis=[0]) if self.go_backwards else tensor

    def _is_covered(self):
        """Whether the fast loop does what this layer is asked for, on this machine."""
        return (
            keras.backend.backend() == "tensorflow"
            and not tf.config.list_logical_devices("GPU")
            and self.activation is keras.activations.tanh
            and getattr(self, "recurrent_activation", None)
            in (keras.activations.sigmoid, None)
            and not self.recurrent_dropout
            # `implementation=1` draws a dropout mask for every gate.
            and not (self.dropout and getattr(self.cell, "implementation", 2) == 1)
            and getattr(self, "use_cudnn", "auto") is not True
            and not self.unroll
            and self.compute_dtype in ("float32", "float64")
        )

    def _weights(self):
        """Return the cell's W, U and b as tensors; b is 0 for a layer without."""
        weights = [self.cell.kernel, self.cell.recurrent_kernel]
        W, U = [tf.convert_to_tensor(weight, self.compute_dtype) for weight in weights]
        if self.use_bias:
            return W, U, tf.convert_to_tensor(self.cell.bias, self.compute_dtype)
        return W, U, tf.zeros_like(U[0])


def _swap(tensor):
    """Exchange the first two axes, batch and time."""
    return tf.transpose(tensor, [1, 0, *range(2, len(tensor.shape))])


def arrays(count, steps, dtype):
    """Return so many empty arrays that a loop fills, one element a step."""
    return [tf.TensorArray(dtype, size=steps) for _ in range(count)]


def filled(series):
    """Return an array of a series' elements, in whose place a loop may write others.

    A loop that reads an element and then writes there makes XLA do both in the same memory.
    If it read the element in two ways, XLA would copy the whole array at every step.
    """
    array = tf.TensorArray(series.dtype, size=tf.shape(series)[0], clear_after_read=False)
    return array.unstack(series)


def before(first, states):
    """Return the state before each step: the first, then all but the last."""
    return tf.concat([first[None], states[:-1]], axis=0)


def sigmoid(a):
    """Return 1 / (1 + exp(-a)), by way of tanh: XLA computes that in vectors on a CPU."""
    return 0.5 + 0.5 * tf.tanh(0.5 * a)


def hold(mask, t, new, old):
    """Return the new values, or where step t is masked, the old ones."""
    return new if mask is None else tf.where(mask[t], new, old)


def weight_gradient(x, deltas):
    """Return the sum of x_t^T delta_t over all steps, as one matrix product."""
    return tf.tensordot(x, deltas, [[0, 1], [0, 1]])


def weight_gradients(x, h, deltas):
    """Return `weight_gradient` of x and of h, from one matrix product for both."""
    both = weight_gradient(tf.concat([x, h], axis=2), deltas)
    return tf.split(both, [x.shape[-1], h.shape[-1]])


def bias_gradient(deltas):
    """Return the sum of delta_t over all steps and rows."""
    return tf.reduce_sum(deltas, axis=[0, 1])
