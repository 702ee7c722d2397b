"""alktrace: resistance mechanisms of ALK-positive lung cancer after first-line lorlatinib."""

__version__ = "0.2.0"
