"""How the starter classifier, which comes with Flowerlab, is made."""
