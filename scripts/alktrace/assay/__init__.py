"""A panel of one's own: what its normals and its validation say of it."""
