"""How often a molecule shows a change that is not there."""
