"""The closed vocabularies, by subject."""
