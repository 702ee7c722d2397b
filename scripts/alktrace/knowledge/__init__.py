"""The knowledge tables: read, checked, asked."""
