"""Values that may be missing, and are not where a test asks for them."""

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    assert value is not None, "there is no value"
    return value
