"""Clinical tables, endpoints and associations."""
