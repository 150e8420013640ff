"""What frozen layers compute from photos, kept so that it is computed once. No TensorFlow."""
