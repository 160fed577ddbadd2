"""What ``make reproducible`` calls a difference."""

import shutil

from tests.helpers import reproducible


def test_a_difference_is_found_and_shown(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    (one / "sub").mkdir(parents=True)
    (one / "same.html").write_text("same")
    (one / "sub" / "page.html").write_text("built on Monday")
    (one / "long.html").write_text("a whole page")
    shutil.copytree(one, other)
    assert reproducible.differences(one, other) == []

    (one / "first").touch()
    (other / "second").touch()
    (other / "sub" / "page.html").write_text("built on Sunday")
    (other / "long.html").write_text("a whole")
    assert reproducible.differences(one, other) == [
        f"only in {one}: first",
        f"only in {other}: second",
        "long.html differs\n    byte 7: b'a whole page'\n    against b'a whole'",
        "sub/page.html differs\n    byte 9: b'built on Monday'\n"
        "    against b'built on Sunday'",
    ]
