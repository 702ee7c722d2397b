"""Wordings of reports, English and Chinese, with the reading that was written down before any was tried."""

from collections import Counter

from wording_scores import wordings


def test_the_table_has_enough_of_each_form() -> None:
    found = wordings()
    forms = Counter((item.language, item.form) for item in found)
    assert len(found) >= 300 and len({item.cells for item in found}) == len(found)
    assert forms["en", "hostile"] + forms["zh", "hostile"] >= 100
    assert min(forms.values()) >= 50
