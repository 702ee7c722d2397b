"""The calling rule, its inversion and its verdict."""
