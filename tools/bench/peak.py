"""How fast this machine multiplies matrices in TensorFlow: what a pass of photos can be at most."""

from __future__ import annotations

import time

import tensorflow as tf

SIDE, REPEATS = 2048, 8


def matrix_flops(precision: str) -> float:
    """Returns the operations a second of a product of two square matrices, the best of some.

    Args:
        precision: `float32` or `bfloat16`.
    """
    left, right = (tf.cast(tf.random.normal((SIDE, SIDE)), precision) for _ in range(2))
    product = tf.function(tf.linalg.matmul)
    product(left, right)
    seconds = []
    for _ in range(REPEATS):
        begun_s = time.perf_counter()
        tf.reduce_sum(tf.cast(product(left, right)[0], tf.float32)).numpy()
        seconds.append(time.perf_counter() - begun_s)
    return 2.0 * SIDE**3 / min(seconds)
