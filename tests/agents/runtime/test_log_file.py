"""Blocks of an output file: every byte once, in whole lines, however it is written and cut."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.runtime import log_file
from agents.runtime.log_file import Block, read_block, split_lines, to_text


def read_all(path: Path, *, limit: int = log_file.BLOCK) -> list[bytes]:
    """Everything there is, to the end."""
    blocks, offset = [], 0
    while (block := read_block(path, offset, limit=limit, final=True)).data:
        blocks.append(block.data)
        offset = block.next_offset
    return blocks


def test_no_file_is_no_output_yet(tmp_path: Path) -> None:
    assert read_block(tmp_path / "none", 0) == Block(b"", 0)
    assert read_block(tmp_path / "none", 7, final=True) == Block(b"", 7)


def test_a_line_is_handed_out_when_its_newline_is_there(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"one\ntw")
    assert read_block(file, 0) == Block(b"one\n", 4)
    assert read_block(file, 4) == Block(b"", 4)
    with file.open("ab") as more:
        more.write(b"o\n")
    assert read_block(file, 4) == Block(b"two\n", 8)
    assert read_block(file, 8) == Block(b"", 8)


def test_at_the_end_the_last_line_needs_no_newline(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"one\ntwo")
    assert read_all(file) == [b"one\n", b"two"]


def test_a_line_longer_than_the_limit_comes_whole(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"a\n" + b"x" * 5000 + b"\nb\n")
    assert [len(data) for data in read_all(file, limit=100)] == [2, 5003]


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_a_line_near_the_size_of_a_block(tmp_path: Path, extra: int) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"x" * (64 * 1024 + extra) + b"\nlast\n")
    blocks = read_all(file, limit=64 * 1024)
    assert b"".join(blocks) == file.read_bytes()
    assert all(data.endswith(b"\n") for data in blocks)


def test_an_endless_line_comes_in_pieces_that_split_no_character(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"x" + "é".encode() * (log_file.LONGEST_LINE // 2 + 10) + b"\n")
    first = read_block(file, 0)
    assert len(first.data) == log_file.LONGEST_LINE - 1
    assert "\ufffd" not in to_text(first.data)
    rest = read_block(file, first.next_offset)
    assert first.data + rest.data == file.read_bytes()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=400), limit=st.integers(1, 50))
def test_blocks_joined_are_the_file(tmp_path: Path, data: bytes, limit: int) -> None:
    file = tmp_path / "out"
    file.write_bytes(data)
    blocks = read_all(file, limit=limit)
    assert b"".join(blocks) == data
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.lists(st.sampled_from(["é", "a", "\n", "😀", "\r\n"])).map(lambda parts: "".join(parts).encode()))
def test_a_file_that_grows_byte_by_byte_is_read_once(tmp_path: Path, data: bytes) -> None:
    file, offset, got = tmp_path / "out", 0, b""
    for size in range(len(data) + 1):
        file.write_bytes(data[:size])
        block = read_block(file, offset)
        offset, got = block.next_offset, got + block.data
    assert got == data[: data.rfind(b"\n") + 1]


@pytest.mark.parametrize("data", [b"\xff" * 20, b"\x80" * 20, b"abc\xf0\x9f"])
def test_a_cut_in_what_is_no_text_still_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(log_file, "LONGEST_LINE", 5)
    file = tmp_path / "out"
    file.write_bytes(data)
    assert b"".join(read_all(file, limit=2)) == data


def test_only_a_newline_ends_a_line() -> None:
    odd = '{"a": "\u2028\u0085\x0b\x0c\x1c"}\r'.encode()
    assert split_lines(odd + b"\nnext\n\nrest") == [odd, b"next", b"", b"rest"]
    assert split_lines(b"") == []
    assert split_lines(b"\n") == [b""]


def test_text_can_be_stored_everywhere() -> None:
    assert to_text(b"a\0b\xff\xed\xa0\x80") == "a\u2400b\ufffd\ufffd\ufffd\ufffd"
    assert to_text("a\ud800") == "a\ufffd"


@given(st.binary())
def test_any_bytes_become_text(data: bytes) -> None:
    text = to_text(data)
    text.encode()
    assert "\0" not in text
