"""Gene copy number from molecules per bin."""
