"""Fusions from split reads of molecules."""
