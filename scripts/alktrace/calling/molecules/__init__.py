"""Molecules of a consensus BAM over the targeted sites."""
