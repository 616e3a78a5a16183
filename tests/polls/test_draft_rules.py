"""The bounds of a poll's draft and of its ballots: the last value that the rules take and the first they refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat.vocabulary import Place, Request
from bot.errors import Refused
from bot.i18n import translator
from bot.polls.counting.ballots import Ballot, Method
from bot.polls.model import OPTION_NAME_MAX, OPTIONS_MAX, OPTIONS_MIN, QUESTION_MAX, PollOption, PollState, Results
from bot.polls.places import is_private
from bot.polls.rules import QUORUM_MAX, PollDraft, checked_ballot, mistakes, most_choices, must_be_open, tally_of
from tests.store.things import poll
from tests.talk import ADA
from tests.world import NOW

T = translator("en")


def draft(*names: str, **changes: object) -> PollDraft:
    good = PollDraft("Which tea?", tuple(map(PollOption, names or ("Green", "Black", "Oolong"))), NOW)
    return replace(good, **changes)  # type: ignore[arg-type]


def wrong(asked: PollDraft, request: Request = ADA) -> set[str]:
    """Return the parts of the draft that are refused."""
    return set(mistakes(asked, request, T))


@pytest.mark.parametrize(
    ("question", "refused"),
    [("?", False), ("x" * 300, False), ("x" * 301, True), ("", True), (" \u200b", True)],
)
def test_a_question_has_one_to_300_characters(question: str, refused: bool) -> None:
    """A question has 1 to 300 characters, and at least one of them must be visible."""
    assert QUESTION_MAX == 300
    assert wrong(draft(question=question)) == ({"question"} if refused else set())


@pytest.mark.parametrize(("marks", "refused"), [(4, False), (5, True)])
def test_a_letter_carries_four_marks(marks: int, refused: bool) -> None:
    """In a question or an option's name, one letter carries up to four marks, as Hebrew with its accents needs."""
    letter = "\u05d1" + "\u05b0" * marks
    assert wrong(draft(question=f"A {letter}?")) == ({"question"} if refused else set())
    assert wrong(draft(letter, "Tea")) == ({"options"} if refused else set())


@pytest.mark.parametrize(("number", "refused"), [(0, True), (1, True), (2, False), (25, False), (26, True)])
def test_a_poll_has_2_to_25_options(number: int, refused: bool) -> None:
    assert (OPTIONS_MIN, OPTIONS_MAX) == (2, 25)
    asked = draft(options=tuple(PollOption(f"Tea {number}") for number in range(number)))
    assert wrong(asked) == ({"options"} if refused else set())


@pytest.mark.parametrize(("name", "refused"), [("x" * 75, False), ("x" * 76, True), ("x", False), ("", True)])
def test_an_options_name_has_1_to_75_characters(name: str, refused: bool) -> None:
    assert OPTION_NAME_MAX == 75
    assert wrong(draft("Tea", name)) == ({"options"} if refused else set())


@pytest.mark.parametrize("names", [("Tea", "tea"), ("Tea", "Tea\u200b"), ("Tea", "Coffee", "TEA")])
def test_two_options_with_one_name_are_refused(names: tuple[str, ...]) -> None:
    """Names that differ only in case or in invisible characters are one name; one more letter makes another name."""
    assert wrong(draft(*names)) == {"options"}
    assert wrong(draft("Tea", "Teas")) == set()


@pytest.mark.parametrize(
    ("method", "most", "refused"),
    [
        (Method.APPROVAL, 0, False),
        (Method.APPROVAL, 1, False),
        (Method.APPROVAL, 3, False),
        (Method.APPROVAL, 4, True),
        (Method.APPROVAL, -1, True),
        (Method.SINGLE, 0, False),
        (Method.SINGLE, 1, True),
        (Method.RANKED, 1, True),
        (Method.SCORE, 1, True),
    ],
)
def test_the_most_choices_are_for_approval_and_at_most_all_options(method: Method, most: int, refused: bool) -> None:
    """Only an approval poll can limit the choices, to at most the number of its options.

    A limit of 0 means any number.
    """
    assert wrong(draft(method=method, max_choices=most)) == ({"max_choices"} if refused else set())


@pytest.mark.parametrize(
    ("method", "most", "choices"),
    [
        (Method.APPROVAL, 0, 3),
        (Method.APPROVAL, 1, 1),
        (Method.APPROVAL, 2, 2),
        (Method.SINGLE, 0, 1),
        (Method.RANKED, 0, 3),
        (Method.SCORE, 0, 3),
    ],
)
def test_how_many_options_a_ballot_may_choose(method: Method, most: int, choices: int) -> None:
    """A ballot chooses as many options as the draft allows.

    Without a limit of the draft, that is one in a single-choice poll and every option in the others.
    """
    assert most_choices(draft(method=method, max_choices=most)) == choices


@pytest.mark.parametrize(("quorum", "refused"), [(-1, True), (0, False), (1, False), (10**7, False), (10**7 + 1, True)])
def test_a_quorum_is_from_0_to_ten_million(quorum: int, refused: bool) -> None:
    assert QUORUM_MAX == 10**7
    assert wrong(draft(quorum=quorum)) == ({"quorum"} if refused else set())


def test_the_join_date_is_asked_for_where_it_is_known() -> None:
    """A host can limit a poll to earlier members only where Parley knows the host's own join date."""
    known = replace(ADA, actor=replace(ADA.actor, joined=NOW))
    assert wrong(draft(joined_before=True), ADA) == {"joined_before"}
    assert wrong(draft(joined_before=True), known) == set()
    assert wrong(draft(joined_before=False), ADA) == set()


@pytest.mark.parametrize(
    ("place", "private"),
    [
        (Place("test", "demo", "main"), False),
        (Place("test", "demo", "main", private=True), True),
        (Place("test", "demo", "main", direct=True), True),
        (Place("test", "demo", "main", direct=True, private=True), True),
    ],
)
def test_a_private_place_has_no_public_page(place: Place, private: bool) -> None:
    """A poll in a private channel or a direct conversation can be opened, but only without a public page."""
    assert is_private(place) is private
    assert wrong(draft(public=True), replace(ADA, place=place)) == ({"public"} if private else set())
    assert wrong(draft(), replace(ADA, place=place)) == set()


def test_every_mistake_is_named_at_once() -> None:
    """Parley names all mistakes of a draft at once, each by the part in which it stands."""
    assert wrong(draft("Tea", question="", quorum=-1, max_choices=9)) == {
        "question",
        "options",
        "quorum",
        "max_choices",
    }


@pytest.mark.parametrize("state", PollState)
def test_only_an_open_poll_is_open(state: PollState) -> None:
    """A closed poll answers that its result is final, and a cancelled one that it was cancelled."""
    ended = {PollState.CLOSED: "final", PollState.CANCELLED: "cancelled"}
    if state in ended:
        with pytest.raises(Refused, match=ended[state]):
            must_be_open(replace(poll(), state=state), T)
    else:
        must_be_open(replace(poll(), state=state), T)


@pytest.mark.parametrize(
    ("method", "ballot", "refusal"),
    [
        (Method.APPROVAL, "0,1", ""),
        (Method.APPROVAL, "0,1,2", "at most 2"),
        (Method.SINGLE, "2", ""),
        (Method.SINGLE, "3", "isn't in this poll"),
        (Method.SINGLE, "x", "can't take that ballot"),
        (Method.SINGLE, "", "at least one"),
        (Method.RANKED, "0>1>2", ""),
        (Method.RANKED, "0>0", "twice"),
        (Method.SCORE, "5,0,", ""),
        (Method.SCORE, "6,0,", "from 0 to 5"),
        (Method.SCORE, "-1,0,", "from 0 to 5"),
    ],
)
def test_a_ballot_says_what_its_method_takes(method: Method, ballot: str, refusal: str) -> None:
    """A ballot must fit the poll's method, and the refusal names the mistake.

    The limit of choices binds only approval ballots.
    """
    subject = replace(poll(), method=method, max_choices=2)
    if refusal:
        with pytest.raises(Refused, match=refusal):
            checked_ballot(subject, ballot, T)
    else:
        assert checked_ballot(subject, ballot, T) == ballot


@pytest.mark.parametrize(
    ("method", "ballot", "reason", "refusal"),
    [
        (Method.CONSENT, "2", "x", ""),
        (Method.CONSENT, "2", "x" * 500, ""),
        (Method.CONSENT, "2", "x" * 501, "Shorten that to 500"),
        (Method.CONSENT, "2", "", "needs a reason"),
        (Method.CONSENT, "2", " \u3164", "needs a reason"),
        (Method.CONSENT, "0", "", ""),
        (Method.CONSENT, "1", "", ""),
        (Method.CONSENT, "0", "x", "Only an objection"),
        (Method.CONSENT, "1", "x", "Only an objection"),
        (Method.SINGLE, "2", "", ""),
        (Method.SINGLE, "2", "x", "Only an objection"),
    ],
)
def test_an_objection_has_a_reason_and_nothing_else_has(method: Method, ballot: str, reason: str, refusal: str) -> None:
    """In a consent poll the third option is an objection, which needs a visible reason of up to 500 characters.

    Other choices take no reason, nor does the third option of a poll with another method.
    """
    subject = replace(poll(), method=method)
    if refusal:
        with pytest.raises(Refused, match=refusal):
            checked_ballot(subject, ballot, T, reason)
    else:
        assert checked_ballot(subject, ballot, T, reason) == ballot


@pytest.mark.parametrize(
    ("second", "refusal"),
    [("green", "Two options are called “Green”"), ("Ｇreen", "“Ｇreen” and “Green” look alike"), ("Greens", "")],
)
def test_two_names_that_a_reader_cant_tell_apart_are_refused(second: str, refusal: str) -> None:
    """Names that differ only in case are refused as the same name, and names in look-alike letters as looking alike."""
    sentence = mistakes(draft("Green", second), ADA, T).get("options", "")
    assert sentence.startswith(refusal) if refusal else sentence == ""


def test_a_refusal_names_an_option_by_forty_characters() -> None:
    """The refusal of a name with too many marks on one letter quotes the first 40 characters of the name."""
    assert f"“{'x' * 40}”" in mistakes(draft("Green", "x" * 41 + "o" + "\u0301" * 6), ADA, T)["options"]


def test_a_draft_promises_nothing_that_its_host_did_not_ask_for() -> None:
    """By default a poll is a secret single-choice poll for every member, without a quorum or a public page.

    It shows its result at the close.
    """
    plain = PollDraft("Which tea?", (), NOW)
    assert (plain.method, plain.max_choices, plain.secret, plain.results) == (Method.SINGLE, 0, True, Results.AT_CLOSE)
    assert (plain.roles, plain.joined_before, plain.quorum, plain.public) == (frozenset(), False, 0, False)
    assert wrong(plain) == {"options"}


@pytest.mark.parametrize(("quorum", "reached"), [(0, None), (1, True), (2, True), (3, False)])
def test_a_quorum_is_reached_by_as_many_ballots(quorum: int, reached: bool | None) -> None:
    """Only valid ballots count towards a quorum: two reach a quorum of two and miss one of three.

    A poll without a quorum has none to reach.
    """
    result = tally_of(replace(poll(), quorum=quorum), {Ballot("0"): 2, Ballot("9"): 5})
    assert (result.quorum.reached if result.quorum else None) is reached


def test_the_limit_of_choices_counts_for_approval_alone() -> None:
    """The limit of choices counts only for approval ballots, which are invalid beyond it; it limits no ranking."""
    approval = tally_of(replace(poll(), method=Method.APPROVAL, max_choices=2), {Ballot("0,1"): 1, Ballot("0,1,2"): 1})
    assert (approval.valid, approval.invalid, approval.max_choices) == (1, 1, 2)
    ranked = tally_of(replace(poll(), method=Method.RANKED, max_choices=1), {Ballot("0>1>2"): 1})
    assert (ranked.valid, ranked.max_choices) == (1, None)


def test_a_name_is_shortened_in_the_refusal_of_a_long_one() -> None:
    """The refusal of a name of over 75 characters states that limit and quotes the first 40 with an ellipsis."""
    sentence = mistakes(draft("Tea", "y" * 76), ADA, T)["options"]
    assert f"“{'y' * 40}…”" in sentence
    assert "75 characters" in sentence
