import re

from cw_site.foundation.ids import new_id


def test_ids_are_short_safe_and_never_alike() -> None:
    ids = {new_id() for _ in range(20_000)}
    assert len(ids) == 20_000
    assert all(re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z_-]{20}", identifier) for identifier in ids)
