"""The lecture in plain Keras against Flowerlab, and what docs/benchmarks.md says of it."""
