"""Molecule-level small-variant calling, genotyping and detection power."""
