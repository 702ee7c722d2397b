"""Pure clinical logic: knowledge, phase, classification, timing."""
