"""How the weights that Flowerlab ships were made."""
