"""Tests of docs/dependencies.md against pyproject.toml and what the packages say of themselves."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution, metadata
from importlib.util import find_spec

import pytest

from tests.docs.documents import ROOT

CELLS = 7
MIT = "Permission is hereby granted, free of charge, to any person obtaining"
"""How the MIT licence's own text begins, for packages that state no more than it."""


ROW = re.compile(
    r"^- `([\w.-]+)` \((.+?); ([A-Z][\w. -]+?); (\S+ MB); ([^;()]+)\): (.+?)\. Else: (.+)\.$", re.MULTILINE
)
"""The row of a package in the list."""


def table() -> dict[str, list[str]]:
    """Return the parts of each row, by the package's name."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [
        [name, purpose, keeper, licence, size, release, alternative]
        for name, keeper, licence, size, release, purpose, alternative in ROW.findall(text)
    ]
    assert len(rows) == text.count("\n- ")
    return {row[0]: row for row in rows}


def declared() -> list[str]:
    """Return every package that Parley needs, or can use, when it runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [re.split(r"[^\w.-]", line)[0] for line in (*project["dependencies"], *extras)]


def test_every_dependency_is_in_the_table_and_none_besides() -> None:
    """docs/dependencies.md lists every package that pyproject.toml declares, and no other."""
    assert sorted(table()) == sorted(declared())


@pytest.mark.parametrize("name", declared())
def test_a_row_is_whole(name: str) -> None:
    """Each row of docs/dependencies.md has the package's purpose, keeper, licence, size, release and alternative."""
    row = table()[name]
    assert len(row) == CELLS
    assert all(cell.strip() for cell in row)
    assert re.fullmatch(r"\d+\.\d MB", row[4])
    assert re.fullmatch(r"[\d.]+, [A-Z][a-z]+ 20\d\d", row[5])


@pytest.mark.parametrize("name", declared())
def test_the_licence_is_what_the_package_says(name: str) -> None:
    """The licence in docs/dependencies.md is the one that the package itself states, so that a change of licence is
    noticed."""
    if name.startswith("noto-cjk") and find_spec(name.replace("-", "_")) is None:
        pytest.skip("the extra `cjk` isn't installed")
    about, files = metadata(name), distribution(name).files or ()
    texts = [file.read_text() for file in files if file.name.startswith("LICENSE")]
    statement = about.json.get("license_expression") or (
        "MIT" if any(MIT in " ".join(text.split()) for text in texts) else ""
    )
    assert table()[name][3] == (statement or about.json.get("license"))
