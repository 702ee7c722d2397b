"""Gene models, consequences, HGVS names, origin and identity."""
