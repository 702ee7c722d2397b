"""From aligned reads to consensus molecules."""
