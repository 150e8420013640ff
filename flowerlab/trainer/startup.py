"""What every process does first that computes with TensorFlow."""

from __future__ import annotations

import logging
import sys

import tensorflow as tf

from flowerlab.system.cpu import threads_here


def start_up() -> None:
    """Has the log go to standard error, and caps TensorFlow's threads at what this process may have."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    tf.config.threading.set_intra_op_parallelism_threads(threads_here())
    tf.config.threading.set_inter_op_parallelism_threads(threads_here())
