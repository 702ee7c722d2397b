"""The genome: its files, gene models and the loci of the knowledge tables."""
