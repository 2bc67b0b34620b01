"""Nothing here belongs to the machine or the network it was made on."""

import re

from tests.sources import ROOT, project_files, text_of

# spelt in pieces, so that this file does not find itself
REGISTRIES = re.compile(
    "|".join(["pypi" + r"\.", "python" + "hosted", "npm" + r"js\.", r"regi" + r"stry\.[\w-]+\.\w", "index" + "-url"])
)
MACHINE_PATH = re.compile(r"(?<![\w.~}>])/(?:work|root)/")
TEXT = {".cfg", ".css", ".html", ".ini", ".js", ".json", ".jsonl", ".md", ".py", ".sh", ".toml", ".txt", ".yml", ""}


def test_no_registry_is_named() -> None:
    found = {
        f"{path}: {match[0]}"
        for path in project_files()
        if path.suffix in TEXT
        for match in REGISTRIES.finditer(text_of(path))
    }

    assert found == set()


def test_requirements_name_packages_versions_and_hashes_only() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text
        lines = [line for line in text.split("\n") if line and not line.startswith((" ", "#"))]
        assert [line for line in lines if "==" not in line] == []


def test_no_path_of_a_machine_is_named() -> None:
    found = {
        f"{path}: {match[0]}"
        for path in project_files()
        if path.suffix in TEXT
        for match in MACHINE_PATH.finditer(text_of(path))
    }

    assert found == set()
