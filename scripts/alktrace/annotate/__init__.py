"""What the alterations of one sample are: consequence, names, origin."""
