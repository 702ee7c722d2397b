"""Files for the programs that others use: each says what a finished run found, none decides anything."""
