"""A finished run and a photo: classes, explanations, embeddings."""
