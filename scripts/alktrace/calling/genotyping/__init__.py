"""Known alleles, counted molecule by molecule."""
