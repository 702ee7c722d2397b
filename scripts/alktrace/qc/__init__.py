"""Quality and identity of samples."""
