"""Files: typed tables, packed BAM records, outputs that appear whole or not at all."""
