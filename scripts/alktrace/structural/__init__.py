"""Fusions, gene copy number and tumour fraction of one sample."""
