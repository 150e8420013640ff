"""What is trained: the typed table of knobs, the lecture's recipes, grids."""
