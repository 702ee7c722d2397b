"""One patient's evidence over all samples."""
