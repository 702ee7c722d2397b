"""Fusions, gene copy number and tumour fraction."""
