"""The configuration: one module per section, since a job runs again when a module it imports changes."""
