"""What the user writes: configuration, sample sheet, tables."""
