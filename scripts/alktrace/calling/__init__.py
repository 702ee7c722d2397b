"""Small variants of one sample on molecules, and what could not have been seen."""
