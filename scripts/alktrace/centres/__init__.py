"""Studies of several hospitals: what a site exports without reads, and how exports come together."""
