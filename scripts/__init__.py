"""Makes `scripts` importable from the Snakefile; without it an installed package of that name would win."""
