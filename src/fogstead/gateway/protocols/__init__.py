"""Wire protocols: one traversal of a model's shapes, one codec each."""
