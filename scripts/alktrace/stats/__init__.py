"""Exact intervals and tests of counts."""
