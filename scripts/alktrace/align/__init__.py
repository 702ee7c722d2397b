"""From sequencing units to aligned reads with their UMI."""
