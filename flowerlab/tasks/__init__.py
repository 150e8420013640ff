"""What goes on in the background, seen by pages: downloads, gathering, hashing, embedding, conversion."""
