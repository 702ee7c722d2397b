"""Reports of laboratories as evidence."""
