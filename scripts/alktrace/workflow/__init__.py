"""What the rules ask."""
