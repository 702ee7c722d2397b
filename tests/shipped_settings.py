"""The settings of a run whose configuration changes nothing."""

from alktrace.inputs.config_file import load_settings
from alktrace.io.resources import DEFAULTS

SHIPPED = load_settings(DEFAULTS, defaults=DEFAULTS)
