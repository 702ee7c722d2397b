"""From evidence to the class of a timepoint; pure."""
