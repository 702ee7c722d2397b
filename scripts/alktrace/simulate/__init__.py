"""Synthetic genome, reads and cohort with their truth."""
