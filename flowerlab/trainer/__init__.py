"""The only TensorFlow room. Nobody imports it: it is started as a process and spoken to in JSON lines."""

import os

# TensorFlow computes with oneDNN by itself only where the processor has AVX-512 VNNI or newer. Where it has AVX2 alone, the lecture's
# A trains 2.8 times as fast with it (docs/decisions/0007-speed.md). Read when TensorFlow first computes; where it is set already it stays.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
