from cw_site.git import fsck
from tests.factories_git import Lab


def test_a_whole_clone_has_no_problems(lab: Lab) -> None:
    assert fsck.check(lab.clone) == []


def test_a_missing_or_broken_object_is_found(lab: Lab) -> None:
    lab.branch("made", "main", a__txt="new\n")
    blob = lab.in_clone("rev-parse", "made:a.txt")
    path = lab.clone.git_dir / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"broken")
    assert any(blob in line for line in fsck.check(lab.clone))
    path.unlink()
    assert f"missing blob {blob}" in fsck.check(lab.clone)
