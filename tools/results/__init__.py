"""What the lecture's recipes come to, measured, and written into docs/results.md."""
