"""Patient and cohort pages."""
