"""The commands, one module each: `add_arguments`, `run` for Python, `main` for the command line."""
