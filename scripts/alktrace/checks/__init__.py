"""What is checked before work starts."""
