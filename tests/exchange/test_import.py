"""Parley imports sources from other programs' bibliographies, leaves gaps to an editor, and adds no source twice."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.authoring.bibliography import Bibliography, Work, read_bibliography
from bot.authoring.importing import append_sources, as_yaml, sources_for
from bot.authoring.new_sources import sources_of
from bot.authoring.yaml_writing import new_id, scalar
from bot.errors import NotFound, Refused
from bot.packs.check import check_pack
from bot.packs.fields import ENTRY_ID_MAX
from bot.packs.loader import load_pack
from bot.packs.model import Provenance, Source, SourceKind
from tests.unit.packs import SOURCES, make_pack
from tests.unit.test_cli import parley

REFS = """[
  {"id": "smith2020", "type": "article-journal", "title": "The État of Über & DNA: 10%",
   "author": [{"family": "Smith", "given": "John"}, {"family": "Müller", "given": "Anna"}],
   "issued": {"date-parts": [[2020, 3]]}, "URL": "https://example.org/a_b?x=1&y=2", "DOI": "10.1/abc",
   "container-title": "Journal of Things", "keyword": "trams; city life"},
  {"id": "crs", "type": "report", "title": "A report", "publisher": "CRS",
   "issued": {"date-parts": [[2024, 5, 6]]}, "URL": "https://example.org/survey/"},
  {"id": "page", "type": "webpage", "title": "Nothing much", "URL": "https://example.org/p"}
]
"""


def read(folder: Path, text: str, name: str = "refs.json") -> Bibliography:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_bibliography(file)


def test_every_key_that_a_source_needs_is_taken_over(tmp_path: Path) -> None:
    """The import takes over title, authors, journal or publisher, date, DOI, keywords and the unchanged address."""
    first, second, third = read(tmp_path, REFS).works
    assert first.title == "The État of Über & DNA: 10%"
    assert first.authors == ("John Smith", "Anna Müller")
    assert (first.publisher, first.date, first.doi) == ("Journal of Things", "2020-03", "10.1/abc")
    assert first.url == "https://example.org/a_b?x=1&y=2"
    assert first.keywords == ("trams", "city life")
    assert (second.date, second.publisher) == ("2024-05-06", "CRS")
    assert (third.url, third.date) == ("https://example.org/p", "")


def test_half_a_character_becomes_a_question_mark(tmp_path: Path) -> None:
    """Half of a surrogate pair, which JSON can hold and a file can't, becomes a question mark."""
    (work,) = read(tmp_path, '[{"id": "a", "type": "report", "title": "A \\ud800 report"}]').works
    assert work.title == "A ? report"


def test_csl_json_is_read(tmp_path: Path) -> None:
    """The import reads CSL JSON: names with particles, offices, dates in parts, numeric ids and markup in titles."""
    items = [
        {"id": 7, "type": "article-newspaper", "title": "The <i>big</i> {tram}", "URL": "https://example.org/n",
         "author": [{"family": "Berg", "given": "Ada", "non-dropping-particle": "van den"}, {"literal": "The Office"}],
         "issued": {"date-parts": [["2021", 5, 4]]}, "container-title": "The Daily", "unheard-of": {}},
        {"type": "legal_case", "title": "A v. B", "issued": {"raw": "1999-12"}},
        {"type": "book", "title": "Dated oddly", "issued": {"date-parts": [[2021, 13, 1]]}},
    ]  # fmt: skip
    first, second, third = read(tmp_path, json.dumps(items)).works
    assert first.title == "The big tram"
    assert first.authors == ("Ada van den Berg", "The Office")
    assert (first.label, first.date, first.publisher, first.kind) == ("7", "2021-05-04", "The Daily", SourceKind.NEWS)
    assert (second.kind, second.date) == (SourceKind.COURT, "1999-12")
    assert third.date == "2021"


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ({"family": "Ode", "given": "Ada", "dropping-particle": "van", "suffix": "Jr."}, "Ada van Ode Jr."),
        ({"family": "Gogh", "given": "Vincent", "non-dropping-particle": "van"}, "Vincent van Gogh"),
        ({"family": "King", "suffix": "III"}, "King III"),
        ({"family": "King", "given": None}, "King"),
        ({"literal": "The Office", "family": None}, "The Office"),
    ],
)
def test_no_part_of_a_name_is_lost(tmp_path: Path, author: dict[str, object], name: str) -> None:
    """The import keeps every part of a name: particles stand before the family name, and a suffix after it."""
    (work,) = read(tmp_path, json.dumps([{"title": "A report", "author": [author]}])).works
    assert work.authors == (name,)


@pytest.mark.parametrize(
    "fields",
    [
        {"issued": {"date-parts": [[None]]}, "author": None, "URL": None},
        {"issued": {"date-parts": [None]}, "author": [None], "DOI": None},
        {"issued": None, "type": None, "publisher": None, "keyword": None},
    ],
)
def test_an_absent_value_may_be_null(tmp_path: Path, fields: dict[str, object]) -> None:
    """A value of null counts as absent, and the work is imported without it."""
    bibliography = read(tmp_path, json.dumps([{"title": "A report", **fields}]))
    assert bibliography.malformed == []
    (work,) = bibliography.works
    assert (work.title, work.date, work.authors, work.url) == ("A report", "", (), "")


def test_entities_and_old_dois_are_read_as_they_are_meant(tmp_path: Path) -> None:
    """The import reads `&amp;` as an ampersand, and encodes the angle brackets of a DOI for its address."""
    item = {"title": "Ash &amp; <i>oak</i>", "DOI": "10.1002/(SICI)1&lt;16::AID&gt;3.0.CO;2-2", "URL": ""}
    (work,) = read(tmp_path, json.dumps([item])).works
    (source,) = sources_of([work], {}, ()).new
    assert work.title == "Ash & oak"
    assert source.fields["url"] == "https://doi.org/10.1002/(SICI)1%3C16::AID%3E3.0.CO;2-2"
    again = sources_of([work], {"known": {"title": "x", "url": source.fields["url"]}}, ())
    assert [key for _, key in again.duplicates] == ["known"]


@pytest.mark.parametrize(("whole", "count"), [
    ('{"title": "Alone"}', 1), ('{"lib": "x", "items": [{"title": "A"}, {"title": "B"}]}', 2), ("[]", 0),
])  # fmt: skip
def test_csl_json_may_be_a_list_its_items_or_one_alone(tmp_path: Path, whole: str, count: int) -> None:
    """A CSL JSON file may hold a list of items, an object with `items`, or one item alone."""
    assert len(read(tmp_path, whole).works) == count


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[{"title": "ok"},\n {"id": "x"}]', 2, "`title` is missing"),
        ('[{"title": "ok"},\n {"title": "<i></i>"}]', 2, "`title` is empty"),
        ('[{"title": "ok"},\n\n {"title": "x", "author": "Ada"}]', 3, "`author` isn't valid"),
        ('[{"title": "ok"}, 7]', 1, "`this item` isn't valid"),
    ],
)
def test_an_entry_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    """The import names the line of an entry that it can't read, and reads the others all the same."""
    bibliography = read(tmp_path, text)
    assert len(bibliography.works) == 1
    ((at, message),) = bibliography.malformed
    assert at == line
    assert words in message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b'[{"title": "x"},\n{"title" "y"}]', r"a.json:2:10: this is not JSON"),
        ("a.json", b"[" * 100_000, "this is not JSON|nested too deep"),
        ("a.json", b"[1" + b"0" * 5000 + b"]", "thousands of digits"),
        ("a.txt", b"Some notes", "a.txt:1:1: this is not JSON"),
        ("a.json", b'[{"title":\n"\xff"}]', r"not UTF-8 \(line 2\)"),
        ("a.bib", b"@misc{a, title={x}}", r"export .*a.bib as CSL JSON"),
        ("a.json", b"\xef\xbb\xbf\n @misc{a, title={x}}", r"export .*a.json as CSL JSON"),
    ],
)
def test_a_file_that_is_no_bibliography_is_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """The import refuses a file that is missing or no bibliography, and says in words what is wrong."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused, match=words):
        read_bibliography(tmp_path / name)
    with pytest.raises(NotFound):
        read_bibliography(tmp_path / "missing.json")


def test_what_a_bibliography_does_not_say_is_left_to_the_editor(tmp_path: Path) -> None:
    """The import guesses nothing: it leaves the summary and the copy to the editor, and an unknown kind or date."""
    new = sources_for(read(tmp_path, REFS).works, None).new
    assert [source.to_fill for source in new] == [
        ("copy", "summary"), ("kind", "copy", "summary"), ("kind", "copy", "summary", "date"),
    ]  # fmt: skip
    assert new[0].fields["kind"] == "peer-reviewed", "an article with a DOI"


def test_new_sources_are_appended_and_nothing_else_of_the_file_changes(tmp_path: Path) -> None:
    """The import adds sources at the file's end. Comments, quotes, order and line ends stay as an editor wrote them."""
    written = "# ours\r\n" + SOURCES.replace("\n", "\r\n").replace("title: Survey", "title:  Survey") + "  # the end"
    folder = make_pack(tmp_path / "pack", {"sources.yaml": written})
    sources = sources_for(read(tmp_path, REFS).works[:1], folder)
    appended = append_sources(folder, sources.new)
    after = (folder / "sources.yaml").read_bytes().decode()
    assert after.startswith(written)
    assert "\n" not in after.replace("\r\n", "")
    assert {problem.code for problem in appended.problems} == {"fill-in"}
    assert len(appended.problems) == len(sources.new[0].to_fill)


@pytest.mark.parametrize("before", [None, "sources:\n", "sources:\n- id: a\n  title: A\n  kind: news\n  copy: mirror\n  summary: B"])  # fmt: skip
def test_a_list_is_begun_or_continued_as_it_is_indented(tmp_path: Path, before: str | None) -> None:
    """The import begins the list in a new or empty file, and continues one whose hyphens stand at the margin."""
    facts = "facts: []\n"
    folder = make_pack(tmp_path / "pack", {"sources.yaml": before, "facts.yaml": facts})
    append_sources(folder, sources_for(read(tmp_path, REFS).works, folder).new)
    text = (folder / "sources.yaml").read_text()
    assert text.startswith(before or "sources:\n")
    assert len(yaml.safe_load(text)["sources"]) == 3 + ("id: a" in (before or ""))


def test_filled_in_the_pack_passes_the_check(tmp_path: Path) -> None:
    """Once an editor has filled in an imported source, the check's only complaint is that nothing uses it yet."""
    folder = make_pack(tmp_path / "pack")
    append_sources(folder, sources_for(read(tmp_path, REFS).works[:1], folder).new)
    file = folder / "sources.yaml"
    filled = re.sub(r'"FILL IN: the kind of copy.*"', "original", file.read_text()).replace("FILL IN: ", "")
    file.write_text(filled)
    source = load_pack(folder).entries["smith-2020-etat-uber-dna-10"]
    assert isinstance(source, Source)
    assert source.copy_ is Provenance.ORIGINAL
    codes = [problem.code for problem in check_pack(folder, None, date(2025, 3, 1)).problems]
    assert codes == ["unused-source"]


def test_a_source_that_is_there_already_is_recognised(tmp_path: Path) -> None:
    """The import recognises a source by address, DOI, or title and year, so a second import adds nothing."""
    folder = make_pack(tmp_path / "pack")
    works = [
        Work(1, "a", "Another title", url="http://www.example.org/survey/#top"),
        Work(2, "b", "Survey of STREETS", date="2024-05"),
        Work(3, "c", "One", doi="10.5/X"),
        Work(4, "d", "Two", url="https://dx.doi.org/10.5/x"),
        Work(5, "e", "Survey of streets", date="2025"),
    ]
    sources = sources_for(works, folder)
    assert [(work.label, key) for work, key in sources.duplicates] == [("a", "survey"), ("b", "survey"), ("d", "one")]
    assert [source.id for source in sources.new] == ["one", "2025-survey-streets"]
    append_sources(folder, sources.new)
    assert sources_for(works, folder).new == []


@pytest.mark.parametrize(
    ("text", "words"),
    [("sources: [\n]\n", "in brackets"), ("sources:\n  - id: a\n  b: c\n", "can't be read|Fix the errors")],
)
def test_a_file_that_cannot_take_an_entry_is_left_as_it_is(tmp_path: Path, text: str, words: str) -> None:
    """The import refuses a file with a list in brackets or with a mistake, and leaves it as it is."""
    folder = make_pack(tmp_path / "pack", {"sources.yaml": text, "facts.yaml": "facts: []\n"})
    with pytest.raises(Refused, match=words):
        append_sources(folder, sources_for(read(tmp_path, REFS).works, folder).new)
    assert (folder / "sources.yaml").read_text() == text


def test_an_address_that_is_none_is_told_and_left_out(tmp_path: Path) -> None:
    """The import says that an address is no web address, and takes the source over without it."""
    sources = sources_of([Work(1, "a", "T", url="file:///etc/passwd")], {}, ())
    assert "url" not in as_yaml(sources.new).replace("at url", "")
    assert "is no web address" in sources.remarks[0][1]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_is_written_so_that_it_is_read_as_the_same(text: str) -> None:
    """Any text, even with YAML's own signs and words, is written so that YAML reads the same text back."""
    printable = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t\u2028\x85")
    assert yaml.safe_load(f"a: {scalar(printable)}") == {"a": printable}


@given(st.text(max_size=80), st.sets(st.sampled_from(["a", "source", "trams", "trams-2"])))
def test_an_id_is_short_kebab_case_and_new(words: str, used: set[str]) -> None:
    """An id that is made of any words is in kebab case, has at most `ENTRY_ID_MAX` characters, and is not in use."""
    entry_id = new_id(words, used, "source")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry_id)
    assert len(entry_id) <= ENTRY_ID_MAX
    assert entry_id not in used


def test_the_command_prints_or_appends_and_says_what_is_left(tmp_path: Path) -> None:
    """`parley import sources` prints YAML alone, or adds to a pack and counts. An unreadable entry gives status 1."""
    (tmp_path / "refs.json").write_text(REFS.replace("\n]", ',\n  {"id": "broken"}\n]'), encoding="utf-8")
    done = parley("import", "sources", "refs.json", folder=tmp_path)
    assert done.returncode == 1
    assert len(yaml.safe_load(done.stdout)["sources"]) == 3
    assert "refs.json:9: error: `title` is missing: write it" in done.stderr
    make_pack(tmp_path / "packs" / "parking")
    done = parley("import", "sources", "refs.json", "--pack", "parking", "--content", "packs", folder=tmp_path)
    assert "2 new to packs/parking/sources.yaml, 1 already there, 1 unreadable." in done.stdout
    assert "`crs` is already the source `survey`" in done.stdout
    assert "packs/parking/sources.yaml:" in done.stdout
