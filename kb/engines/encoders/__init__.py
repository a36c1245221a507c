"""Text to vectors: the model itself, its compiled form, tables of vectors, and the encoder for other languages."""
