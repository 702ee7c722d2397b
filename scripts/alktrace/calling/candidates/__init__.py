"""Alleles that are worth a test."""
