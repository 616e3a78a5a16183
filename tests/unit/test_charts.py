"""Charts show the numbers that were counted, in any script, to people who see them and people who don't.

The golden pictures lie in tests/render/golden/charts. After a change that is wanted:
`PARLEY_GOLDEN=write pytest tests/unit/test_charts.py`, then look at them.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import charts
from bot.charts import ALT_MAX, WIDTH, chart, font_files, pairwise_chart, png, png_async
from bot.charts import raster as charts_raster
from bot.charts.canvas import AHEAD, CARD, DARK, INK, MUTED, OTHER, OUT, TINT
from bot.charts.text import clean, shorten, width, wrap
from bot.i18n import PSEUDO, percent, translator
from bot.polls.counting.ballots import Ballot, Method, approval_ballot, ranked_ballot, score_ballot, single_ballot
from bot.polls.counting.results import Result
from bot.polls.counting.tally import tally
from tests.require import require

GOLDEN = Path(__file__).parents[1] / "render" / "golden" / "charts"
FONTS = Path(charts.__file__).parent / "fonts"
T = translator("en")
QUESTION = "Which change to the law should our community support first?"
NAMES = (
    "Expand legal work visas",
    "Regularise long-term residents",
    "Mandatory checks by employers",
    "More immigration judges",
    "A points-based system",
    "Keep the present law",
)
LONG = tuple(f"{place:02} {'a policy option with a very long name ' * 2}"[:75] for place in range(25))
METHODS = tuple(method for method in Method if method is not Method.CONSENT)
"""The methods for any number of options. A consent poll always has three."""


def ballots(method: Method, options: int, count: int, seed: int = 7) -> Counter[Ballot]:
    """Random ballots that prefer the first options."""
    chance = Random(seed)
    weights = [1 / (place + 1.5) for place in range(options)]

    def ballot() -> Ballot:
        if method is Method.SINGLE:
            return single_ballot(chance.choices(range(options), weights)[0])
        if method is Method.SCORE:
            return score_ballot(chance.choice((None, 0, 1, 2, 3, 4, 5)) for _ in range(options))
        order = sorted(range(options), key=lambda option: chance.random() ** (1 / weights[option]), reverse=True)
        some = order[: chance.randint(1, options)]
        return approval_ballot(some) if method is Method.APPROVAL else ranked_ballot(some)

    return Counter(ballot() for _ in range(count))


def counted(method: Method, names: Sequence[str] = NAMES, count: int = 61) -> Result:
    return tally(method, [f"id-{place}" for place in range(len(names))], ballots(method, len(names), count))


TIE = tally(Method.SINGLE, NAMES[:3], {Ballot("0"): 20, Ballot("1"): 20, Ballot("2"): 3, Ballot("9"): 2}, quorum=10)
RANKED_TIE = {Ballot("0"): 10, Ballot("1"): 10, Ballot("2>0"): 5, Ballot("3>1"): 5}
CASES: dict[str, tuple[Result, Sequence[str], bool]] = {
    "single": (counted(Method.SINGLE, NAMES[:4], 128), NAMES[:4], True),
    "approval": (
        tally(Method.APPROVAL, NAMES, ballots(Method.APPROVAL, 6, 412), max_choices=6, quorum=500),
        NAMES,
        True,
    ),
    "ranked": (counted(Method.RANKED), NAMES, True),
    "score": (counted(Method.SCORE, NAMES[:5], 94), NAMES[:5], True),
    "tie": (TIE, NAMES[:3], True),
    "ranked-tie": (tally(Method.RANKED, NAMES[:4], RANKED_TIE), NAMES[:4], True),
    "interim": (tally(Method.SINGLE, NAMES[:3], {Ballot("0"): 4, Ballot("1"): 2}, quorum=50), NAMES[:3], False),
    "empty": (tally(Method.RANKED, NAMES[:3], {}), NAMES[:3], False),
    "crowded": (counted(Method.SINGLE, LONG, 12_931), LONG, True),
    "crowded-ranked": (counted(Method.RANKED, LONG, 3_000), LONG, True),
}


def parse(svg: str) -> ET.Element:
    """Return the picture's elements without their namespace. Raises ParseError if the XML isn't well-formed."""
    return ET.fromstring(svg.replace('xmlns="http://www.w3.org/2000/svg"', "", 1))  # noqa: S314 - our own text


def texts(svg: str, option: int | None = None) -> list[str]:
    """Return all texts of a picture, or those of one option's row."""
    root = parse(svg)
    rows = root.iter("g") if option is not None else [root]
    matches = [row for row in rows if option is None or row.get("data-option") == str(option)]
    return ["".join(text.itertext()) for row in matches for text in row.iter("text")]


def size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", picture[16:24])
    return wide, high


@pytest.mark.parametrize("case", CASES)
def test_the_picture_is_the_golden_one(case: str) -> None:
    """A chart and its alt text are the same as the golden ones, to the byte."""
    result, names, final = CASES[case]
    image = chart(result, names, title=QUESTION, t=T, final=final)
    for ending, drawn in (("svg", image.svg), ("txt", image.alt + "\n")):
        golden = GOLDEN / f"{case}.{ending}"
        if os.environ.get("PARLEY_GOLDEN") == "write":
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(drawn, encoding="utf-8")
        assert drawn == golden.read_text(encoding="utf-8")


def test_the_duels_are_the_golden_ones() -> None:
    """The picture of pairwise duels is the same as the golden one, to the byte."""
    image = pairwise_chart(CASES["ranked"][0], NAMES, title=QUESTION, t=T)
    assert image is not None
    golden = GOLDEN / "pairwise.svg"
    if os.environ.get("PARLEY_GOLDEN") == "write":
        golden.write_text(image.svg, encoding="utf-8")
    assert image.svg == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("method", [Method.SINGLE, Method.APPROVAL])
def test_bars_show_the_counts_and_the_percentages_of_the_result(method: Method) -> None:
    """Each option's row has its name, its votes and its percentage, and no other number. The winner's row says so."""
    result = counted(method)
    svg = chart(result, NAMES, title=QUESTION, t=T).svg
    for total in result.totals:
        row = texts(svg, total.option)
        mark = ["Winner"] if total.option in result.winners else []
        assert sorted(row) == sorted([NAMES[total.option], str(total.votes), percent(total.percent), *mark])


def test_bars_are_as_long_as_their_numbers() -> None:
    """A bar takes as much of its track as its option has of the ballots, so twice the votes make twice the bar."""
    result = tally(Method.SINGLE, NAMES[:3], {Ballot("0"): 40, Ballot("1"): 20, Ballot("2"): 10})
    svg = parse(chart(result, NAMES[:3], title=QUESTION, t=T).svg)
    widths = [[float(rect.get("width", "0")) for rect in g.findall("rect")] for g in svg.iter("g")]
    assert [row[-1] / row[-2] for row in widths] == pytest.approx([4 / 7, 2 / 7, 1 / 7], abs=0.001)


def test_the_run_offs_bars_are_as_long_as_their_percentages() -> None:
    """A bar of the run-off fills its percentage of its track; ballots without a preference don't shorten it."""
    result = tally(Method.SCORE, NAMES[:2], {Ballot("5,0"): 1, Ballot("0,5"): 3, Ballot("4,4"): 4})
    svg = parse(chart(result, NAMES[:2], title=QUESTION, t=T).svg)
    widths = [float(rect.get("width", "0")) for rect in svg.iter("rect") if rect.get("x") == "310"]
    assert [bar / track for track, bar in zip(widths[::2], widths[1::2], strict=True)] == [0.75, 0.25]


def test_rounds_show_every_number_of_every_round() -> None:
    """A ranked chart shows each round's votes, percentages and exhausted ballots, and when each option goes out."""
    result = counted(Method.RANKED)
    assert result.ranked is not None
    svg = chart(result, NAMES, title=QUESTION, t=T).svg
    for option in range(len(NAMES)):
        row = texts(svg, option)
        mine = [total for one in result.ranked.rounds for total in one.totals if total.option == option]
        assert [text for text in row if text.isdigit()] == [str(total.votes) for total in mine]
        assert [text for text in row if "%" in text] == [percent(total.percent) for total in mine]
    for place, one in enumerate(result.ranked.rounds, 1):
        for option in one.eliminated:
            assert f"Out in round\xa0{place}" in " ".join(texts(svg, option))
        assert str(one.exhausted) in texts(svg)


def test_many_rounds_keep_the_first_and_the_last_and_say_so() -> None:
    """If there are too many rounds, the chart shows the first and the last three and names the ones left out.

    It still says for each option in which round it went out.
    """
    result, names, _ = CASES["crowded-ranked"]
    assert result.ranked is not None
    svg = chart(result, names, title=QUESTION, t=T).svg
    last = len(result.ranked.rounds)
    assert [text for text in texts(svg) if re.fullmatch(r"Round \d+", text)] == [
        f"Round {place}" for place in (1, last - 2, last - 1, last)
    ]
    assert f"rounds 2 to {last - 3}." in " ".join(texts(svg))
    for place, one in enumerate(result.ranked.rounds, 1):
        for option in one.eliminated:
            assert f"Out in round\xa0{place}" in " ".join(texts(svg, option))


def test_scores_show_averages_totals_and_the_run_off() -> None:
    """A score chart shows each option's average and total, and the votes and percentages of the run-off.

    The alt text also has the ballots without a preference.
    """
    result = counted(Method.SCORE)
    assert result.score is not None
    image = chart(result, NAMES, title=QUESTION, t=T)
    for total in result.totals:
        row = texts(image.svg, total.option)
        assert {f"{result.score.averages[total.option]:.2f}", str(total.votes)} <= set(row)
    (final,) = result.score.finals
    for total in final.totals:
        assert {str(total.votes), percent(total.percent)} <= set(texts(image.svg))
    assert f"no preference {final.no_preference}" in image.alt


def test_duels_show_both_numbers_of_each_pair() -> None:
    """The picture of duels shows each option's votes against every other option.

    A single-choice poll has no such picture.
    """
    result = counted(Method.RANKED)
    assert result.ranked is not None
    image = pairwise_chart(result, NAMES, title=QUESTION, t=T)
    assert image is not None
    for option, votes in enumerate(result.ranked.pairwise.prefer):
        numbers = [text for text in texts(image.svg, option)[1:] if text.isdigit()]
        assert sorted(numbers) == sorted(str(count) for other, count in enumerate(votes) if other != option)
    assert pairwise_chart(counted(Method.SINGLE), NAMES, title=QUESTION, t=T) is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", [2, 12, 13, 25])
def test_no_option_is_left_out(method: Method, options: int) -> None:
    """A chart shows up to 25 options of 75 characters in full, each in a row, and is at most 2,600 pixels high."""
    result = counted(method, LONG[:options], 300)
    svg = chart(result, LONG[:options], title="?" * 300, t=T).svg
    for option, name in enumerate(LONG[:options]):
        assert " ".join(texts(svg, option)).startswith(name[:20])
        assert clean(name).split()[-1] in " ".join(texts(svg, option))
    assert float(parse(svg).get("height", "0")) <= 2600


HOSTILE = (
    "<script>alert(1)</script>",
    "A & B &amp; C ]]> <!-- -->",
    "\u202eevil\u202c \u2066x",
    "zero\u200bwidth\u200d\ufeff\u2060",
    "\u200b\u200d",
    "null\x00 bell\x07 \ud800 \uffff",
    "👨‍👩‍👧 ⚖️ 1️⃣ 👍🏽",
    "🇲🇽 or 🇺🇸",
    "Z̵̧̢̛͇͖̪̘̪͒̒̀͒a̶̡̛̱̝̥̋̋͋l̷̢̛̝̥̋̋g̵o",
    "' onload=\"x\" '",
    "{braces} {0} %s",
    "توسيع التأشيرات (خاصة)",
)


@pytest.mark.parametrize("method", METHODS)
def test_hostile_names_are_text(method: Method) -> None:
    """A chart shows markup in a name as text, drops control and joining characters, and draws a flag as its letters.

    An option whose name is empty gets its number.
    """
    result = counted(method, HOSTILE)
    image = chart(result, HOSTILE, title="<b>Q</b> & \x00 🇨🇦?", t=T)
    root = parse(image.svg)
    assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {"svg", "g", "text", "rect", "line", "path"}
    assert not any(name.startswith("on") for node in root.iter() for name in node.attrib)
    words = " ".join(texts(image.svg))
    assert not re.search(
        "[\u200b-\u200f\u202a-\u202e\u2060\u2066\ufe0f\ufeff\x00-\x08\ud800\U0001f1e6-\U0001f1ff]", words
    )
    for expected in (
        "<script>alert(1)</script>",
        "zerowidth",
        "Option 5",
        "MX or US",
        "{braces} {0} %s",
    ):
        assert expected in words
    assert "<b>Q</b> & CA?" in image.alt
    assert size(png(image.svg))[0] >= WIDTH


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.text(max_size=75), min_size=2, max_size=25),
    title=st.text(max_size=300),
    method=st.sampled_from(METHODS),
    final=st.booleans(),
)
def test_any_names_make_a_sound_picture(names: list[str], title: str, method: Method, final: bool) -> None:
    """For any names and title a chart is well-formed XML, has an alt text within its limit and never varies."""
    result = counted(method, names, 40)
    image = chart(result, names, title=title, t=T, final=final)
    parse(image.svg)
    assert 0 < len(image.alt) <= ALT_MAX
    assert image == chart(result, names, title=title, t=T, final=final)
    second = pairwise_chart(result, names, title=title, t=T)
    assert second is None or len(second.alt) <= ALT_MAX


@pytest.mark.parametrize("case", CASES)
def test_alt_text_fits_and_says_who_won(case: str) -> None:
    """The alt text has at most 1,000 characters and names the options in front, before it says anything of the ballots.

    It calls one the winner only if the poll is closed, without a tie, and reached its quorum.
    """
    result, names, final = CASES[case]
    alt = chart(result, names, title=QUESTION, t=T, final=final).alt
    assert len(alt) <= ALT_MAX
    decided = final and len(result.winners) == 1 and (result.quorum is None or result.quorum.reached)
    assert ("Winner:" in alt) == decided
    assert all(clean(names[winner]) in alt.partition(" ballots")[0] for winner in result.winners)
    if result.tie:
        assert f"Tie of {len(result.winners)} options" in alt


def test_alt_text_has_every_number_where_there_is_room() -> None:
    """The alt text of a poll with few options has all their votes and percentages."""
    result = counted(Method.APPROVAL)
    alt = chart(result, NAMES, title=QUESTION, t=T).alt
    for total in result.totals:
        assert f"{NAMES[total.option]}: {total.votes} ({percent(total.percent)})." in alt


@pytest.mark.parametrize("method", [Method.SINGLE, Method.APPROVAL, Method.SCORE])
def test_the_narrow_picture_s_headings_stay_clear_of_the_winner(method: Method) -> None:
    """In the narrow picture, the winner's mark at the right edge stays below the columns' headings."""
    image = chart(counted(method), NAMES, title=QUESTION, t=T)
    pills = [
        float(box.get("y", 0)) for box in parse(image.narrow).iter() if box.get("stroke") == AHEAD and box.get("rx")
    ]
    heads = [
        float(line.get("y", 0))
        for line in parse(image.narrow).iter()
        if line.text in {"Votes", "Approvals", "Share", "Average", "Total"}
    ]
    assert len(heads) == 2
    assert min(pills) > max(heads) + 3


@pytest.mark.parametrize(
    ("ballots", "quorum", "final", "outcome"),
    [
        ({"0": 2, "2": 1}, None, True, "1 objection stands, so the proposal doesn't pass"),
        ({"0": 1, "1": 4}, None, True, "No objection stands: the proposal passes"),
        ({"0": 2}, 3, True, "The quorum wasn't reached, so the proposal doesn't pass"),
        ({"2": 3}, None, False, "So far an objection stands"),
    ],
)
def test_no_answer_to_a_proposal_wins(ballots: dict[str, int], quorum: int | None, final: bool, outcome: str) -> None:
    """The alt text of a consent poll says whether the proposal passes. No answer to a proposal is called the winner."""
    votes = {Ballot(choice): count for choice, count in ballots.items()}
    result = tally(Method.CONSENT, ["Agree", "Abstain", "Object"], votes, quorum=quorum)
    image = chart(result, result.options, title="We buy a kettle", t=T, final=final)
    assert f"We buy a kettle. {outcome}." in image.alt
    assert re.search("Agree.*Abstain.*Object", " ".join(texts(image.svg)))
    assert not re.search("Winner|Ahead|Tied", image.alt + " ".join(texts(image.svg)))


def test_a_quorum_that_is_missed_decides_nothing() -> None:
    """If a poll misses its quorum, the alt text says that nothing is decided, and the picture names no winner."""
    result, names, _ = CASES["approval"]
    image = chart(result, names, title=QUESTION, t=T)
    assert "Quorum of 500: not reached. Nothing is decided." in image.alt
    assert "Winner" not in " ".join(texts(image.svg))


def test_the_picture_repeats_nothing_that_its_card_says() -> None:
    """The picture doesn't repeat the question, the outcome's sentence or the number of ballots: its card says them."""
    result, names, final = CASES["single"]
    image = chart(result, names, title=QUESTION, t=T, final=final)
    for svg in (image.svg, image.narrow):
        words = " ".join(texts(svg))
        for part in (QUESTION, "Winner:", "ballots, all valid"):
            assert part not in words
            assert part in image.alt


@pytest.mark.parametrize("case", CASES)
def test_the_narrow_picture_has_every_number_within_its_edges(case: str) -> None:
    """The narrow picture is 360 pixels wide and has every option with the numbers of the wide one.

    Of very many rounds it shows one less. All its texts have letters of 13 pixels or more and stay within its edges.
    """
    result, names, final = CASES[case]
    image = chart(result, names, title=QUESTION, t=T, final=final)
    root = parse(image.narrow)
    wide = float(root.get("width", "0"))
    assert wide == 360
    for node in root.iter("text"):
        letters = float(node.get("font-size", "0"))
        assert letters >= 13
        room = width("".join(node.itertext()), letters, bold=node.get("font-weight") == "600")
        start = float(node.get("x", "0")) - (room if node.get("text-anchor") == "end" else 0)
        assert start >= 0
        assert start + room <= wide + 1
    for option in range(len(names)):
        wide_row, row = [
            [word for word in texts(svg, option) if re.fullmatch(r"[\d.]+%?", word)]
            for svg in (image.svg, image.narrow)
        ]
        assert row == (wide_row[:2] + wide_row[4:] if case == "crowded-ranked" else wide_row)


def test_winners_have_a_word() -> None:
    """A row says in a word that its option is the winner, tied or ahead, and doesn't rely on colour alone."""
    for case, word in (("single", "Winner"), ("tie", "Tied"), ("interim", "Ahead"), ("ranked", "Winner")):
        result, names, final = CASES[case]
        svg = chart(result, names, title=QUESTION, t=T, final=final).svg
        for option in range(len(names)):
            assert (word in texts(svg, option)) == (option in result.winners)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("fore", "back", "least"),
    [(INK, CARD, 4.5), (MUTED, CARD, 4.5), (INK, TINT, 4.5), (CARD, AHEAD, 4.5), (AHEAD, CARD, 4.5)]
    + [(bar, CARD, 3.0) for bar in (AHEAD, OTHER, OUT)],
)
def test_contrast_is_enough(fore: str, back: str, least: float) -> None:
    """A chart's contrast follows WCAG 2.2, level AA, in light and dark colours: 4.5 for text and 3 for shapes."""
    for pair in ((fore, back), (DARK[fore], DARK[back])):
        low, high = sorted(map(luminance, pair))
        assert (high + 0.05) / (low + 0.05) >= least


@pytest.mark.parametrize("method", METHODS)
def test_every_sentence_is_translated(method: Method) -> None:
    """Every sentence of a chart and its alt text is translated; only names, numbers and signs are not."""
    result = counted(method, NAMES, 61)
    image = chart(result, NAMES, title=QUESTION, t=translator(PSEUDO))
    for words in (*texts(image.svg), image.alt):
        plain = words
        for name in (*NAMES, QUESTION):
            plain = plain.replace(name, "")
        while plain != (inner := re.sub("⟦[^⟦⟧]*⟧", "", plain)):
            plain = inner
        wrapped = "⟦" in plain or "⟧" in plain  # a sentence on several lines
        assert wrapped or not re.search("[A-Za-z]{2}", plain) or any(words in name for name in (*NAMES, QUESTION)), (
            words
        )


def test_png_is_a_png_of_the_expected_size() -> None:
    """A chart's PNG is 1.5 times as large as its SVG, but a very high one is no wider than the SVG.

    Equal results give the same PNG and different results different ones.
    """
    first, second = (png(chart(*CASES[case][:2], title=QUESTION, t=T).svg) for case in ("single", "tie"))
    svg = chart(*CASES["single"][:2], title=QUESTION, t=T).svg
    high = float(parse(svg).get("height", "0"))
    assert size(first) == pytest.approx((WIDTH * 1.5, high * 1.5), abs=1)
    assert first != second
    assert first == png(svg)
    assert size(png(chart(*CASES["crowded"][:2], title=QUESTION, t=T).svg))[0] == WIDTH


async def test_png_is_drawn_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parley draws a PNG in another thread, so that it can take votes meanwhile."""
    threads: list[int] = []

    def draw(svg: str) -> bytes:
        threads.append(threading.get_ident())
        return svg.encode()

    monkeypatch.setattr(charts_raster, "png", draw)
    assert await png_async("<svg/>") == b"<svg/>"
    assert threads != [threading.get_ident()]


def test_what_is_no_chart_is_refused() -> None:
    """Parley refuses to draw a picture without a known size."""
    with pytest.raises(ValueError, match="not a chart"):
        png("<svg xmlns='http://www.w3.org/2000/svg'/>")


def test_every_font_is_listed_with_its_origin_and_comes_with_its_licence() -> None:
    """The fonts' README lists exactly the font families in the folder, and the licence names the maker of each."""
    rows = re.findall(
        r"^\| (Noto\w+) \| [\d.]+ \| (\S+) \| ", (FONTS / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {file.stem.partition("-")[0] for file in FONTS.glob("*.ttf")} == {family for family, _ in rows}
    licence = (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert all(maker in licence for _, maker in rows)


def test_fonts_of_the_system_are_not_read(tmp_path: Path) -> None:
    """Charts use only their own fonts, so a process without system fonts draws the same bytes."""
    assert {Path(file) for file in font_files()} >= set(FONTS.glob("*.ttf"))
    assert all(Path(file).parent == FONTS or "noto_cjk" in file for file in font_files())
    svg = chart(*CASES["single"][:2], title=QUESTION, t=T).svg
    code = "import sys; from bot.charts import png; sys.stdout.buffer.write(png(sys.stdin.buffer.read().decode()))"
    bare = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "FONTCONFIG_PATH": str(tmp_path), "PATH": ""}
    root = Path(__file__).parents[2]
    drawn = subprocess.run(
        [sys.executable, "-c", code], input=svg.encode(), env=bare, cwd=root, capture_output=True, check=True
    )
    assert drawn.stdout == png(svg)


def test_nothing_is_loaded_before_it_is_needed() -> None:
    """Importing the charts doesn't load the rasteriser."""
    code = "import sys, bot.charts; sys.exit('resvg_py' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)


@pytest.mark.parametrize(
    ("script", "one", "other"),
    [
        ("Arabic", "عمل (حلم)", "حلم (عمل)"),
        ("Hindi", "नमक कमल", "कमल नमक"),
        ("Hebrew", "שלום עבודה", "עבודה שלום"),
        ("Thai", "กขค งจฉ", "งจฉ กขค"),
        ("Bengali", "কলম নদী", "মদন কলী"),
        ("Tamil", "கல மன", "மன கல"),
        ("Gurmukhi", "ਕਲ ਮਨ", "ਮਨ ਕਲ"),
        ("Gujarati", "કલ મન", "મન કલ"),
        ("Oriya", "କଲ ମନ", "ମନ କଲ"),
        ("Telugu", "కల మన", "మన కల"),
        ("Kannada", "ಕಲ ಮನ", "ಮನ ಕಲ"),
        ("Malayalam", "കല മന", "മന കല"),
        ("Sinhala", "කල මන", "මන කල"),
        ("Myanmar", "ကလ မန", "မန ကလ"),
        ("Khmer", "កល មន", "មន កល"),
        ("Lao", "ກນ ມຈ", "ມຈ ກນ"),
        ("Ethiopic", "ሀለ መሰ", "መሰ ሀለ"),
        ("Armenian", "աբ գդ", "գդ աբ"),
        ("Georgian", "აბ გდ", "გდ აბ"),
        ("symbols", "⚖ x", "⚗ x"),
        ("emoji", "👍 x", "👎 x"),
        ("Greek", "αβγ", "γβα"),
        ("Cyrillic", "дом", "мод"),
        ("Chinese", "中文政策", "政策中文"),
        ("Japanese", "日本", "本日"),
        ("Korean", "한국", "국한"),
    ],
)
def test_scripts_are_drawn(script: str, one: str, other: str) -> None:
    """Charts draw the letters of each of these scripts.

    Missing letters would be boxes, which look the same for two words of equal length.
    """
    if script in {"Chinese", "Japanese", "Korean"}:
        require("cjk", find_spec("noto_cjk_sans_jp_regular") is not None, "the extra `cjk` isn't installed")
    result = tally(Method.SINGLE, ["a", "b"], {Ballot("0"): 1})
    first, second = (png(chart(result, [name, "b"], title="?", t=T).svg) for name in (one, other))
    assert first != second


def test_text_is_shortened_with_a_mark_and_wrapped() -> None:
    """A text that doesn't fit ends with “…”, and no line is wider than its room."""
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
    lines = wrap("word " * 60, 16, 200, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(width(line, 16) <= 200 for line in [*lines, *wrap("x" * 500, 16, 200, 9), *wrap("中" * 90, 16, 200, 9)])
    assert wrap("", 16, 200, 2) == []


def test_a_script_whose_font_has_no_latin_gets_a_line_of_its_own() -> None:
    """Words in a script whose font has no Latin letters, such as Tamil, get a line of their own.

    Hindi's and Arabic's fonts have them, so words of these stay in the line.
    """
    assert wrap("Winner: தமிழ் கொள்கை (abc) 12", 16, 900, 3) == ["Winner:", "தமிழ் கொள்கை", "(abc) 12"]
    assert wrap("Winner: हिन्दी नीति", 16, 900, 3) == ["Winner: हिन्दी नीति"]
    assert wrap("Winner: عمل حلم 12", 16, 900, 3) == ["Winner: عمل حلم 12"]
    assert wrap("Winner: தமிழ்", 16, 900, 1) == ["Winner:…"]
