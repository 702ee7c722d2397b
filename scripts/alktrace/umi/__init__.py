"""UMI extraction, families, consensus and their metrics."""
