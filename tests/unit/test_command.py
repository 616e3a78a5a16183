"""How a typed line becomes a command, on every platform alike."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.markup import text
from bot.chat.vocabulary import Card, Outcome, Reply, Visibility
from bot.dispatch.declare import Command, Context, Param, command
from bot.dispatch.parse import half_typed, parse
from bot.dispatch.registry import collect
from bot.errors import BotError, UnknownCommand, UsageError
from bot.i18n import translator

T = translator("en")


class Echo:
    """A feature whose commands have one argument of each kind."""

    @command("say", "Say it", public_flag="share")
    async def say(
        self,
        ctx: Context,
        words: Annotated[str, Param("The words", rest=True)] = "",
        share: Annotated[bool, Param("For all")] = False,
        times: Annotated[int, Param("How often")] = 1,
    ) -> Outcome:
        return Outcome(Reply((Card(body=text(f"{words} {share} {times}")),)))

    @command("poll create", "Ask", form_when=lambda args: not args.get("question"))
    async def create(
        self,
        ctx: Context,
        question: Annotated[str, Param("The question", longest=20)] = "",
        method: Annotated[str, Param("How", choices={"single": "One choice", "ranked": "Ranking"})] = "single",
    ) -> Outcome:
        return Outcome()

    @command("poll close", "End it")
    async def close(self, ctx: Context, poll: Annotated[str, Param("Which")]) -> Outcome:
        return Outcome()

    @command("count", "Count")
    async def count(
        self,
        ctx: Context,
        loud: Annotated[bool, Param("Loudly")],
        times: Annotated[int, Param("How often")],
        what: Annotated[str, Param("What", question="What is counted? Try /count yes 2 cups.")],
    ) -> Outcome:
        return Outcome()

    @command("long" * 12, "Long")
    async def long(self, ctx: Context) -> Outcome:
        return Outcome()


COMMANDS = collect([Echo()]).commands


def parsed(line: str) -> tuple[str, dict[str, object]]:
    call = parse(line, COMMANDS, T)
    return call.command.name, dict(call.args)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/say hello there", "hello there"),
        ("say hello", "hello"),
        ("/SAY hello", "hello"),
        ("/say don't stop", "don't stop"),
        ("/say “hello there”", "hello there"),
        ("/say «war on drugs»", "war on drugs"),
        (r"/say C:\temp", r"C:\temp"),
        ("/say re:member this", "re:member this"),
        ("/say # not a comment", "# not a comment"),
        ("/say on two\nlines", "on two lines"),
    ],
)
def test_free_words_go_to_the_argument_that_takes_the_rest(line: str, words: str) -> None:
    """A member types as on their phone: smart quotes, apostrophes, capitals and backslashes do no harm."""
    assert parsed(line)[1]["words"] == words


def test_named_arguments_may_stand_anywhere() -> None:
    """`share:yes` is an argument wherever it stands, and the rest stays the question."""
    assert parsed("/say share:yes two times:3 words") == ("say", {"words": "two words", "share": True, "times": 3})
    assert parsed("/poll create question:Lunch? ranked") == ("poll create", {"question": "Lunch?", "method": "ranked"})
    assert parsed("/poll\nclose p1") == ("poll close", {"poll": "p1"})


def test_a_quoted_value_keeps_its_spaces() -> None:
    """`question:"Who pays?"` is one value."""
    assert parsed('/poll create question:"Who pays?" method:ranked') == (
        "poll create",
        {"question": "Who pays?", "method": "ranked"},
    )


@given(st.text(st.sampled_from("ab'\\#;|<é \t\n\r\x0b\x1c\x85\xa0\u3000"), max_size=20))
def test_words_are_parted_alike_with_and_without_quotes_in_the_line(words: str) -> None:
    """Whichever blanks and signs they hold."""
    assert parsed(f"say x{words}x")[1]["words"] == parsed(f'say x{words}x ""')[1]["words"].rstrip(" ")  # type: ignore[attr-defined]


def test_a_name_with_a_number_is_no_misspelt_argument() -> None:
    """`method2:` may be the name of an option, and is text where an argument takes text."""
    assert parsed("/poll create method2:tea")[1]["question"] == "method2:tea"


def test_a_choice_is_known_by_its_label_too() -> None:
    """Nobody has to know our short words: the label that a menu shows works as well."""
    assert parsed('/poll create method:"one choice"')[1]["method"] == "single"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/say “unclosed", "Close the quote"),
        ("", "Try /help"),
        ("/", "Try /help"),
        ("/poll", "one more word. Try /poll close, /poll create"),
        ("/poll close", "Add poll to /poll close."),
        ("/poll close one two", "doesn't take “two”"),
        ("/say times:often", "whole number"),
        ("/say share:perhaps", "yes or no"),
        ("/poll create method:magic", "“magic”. Use one of these: single, ranked."),
        ("/poll create Lunch? named:yes", "There's no argument named. Use one of these: question, method"),
        ("/poll create question:" + "x" * 21, "question to 20 characters; it has 21"),
        ("/say share:yes share:no", "Type share: only once."),
        ("/poll create metod:ranked", "There's no argument metod. Did you mean method?"),
        ("/count colour:red", "There's no argument colour. Use one of these: loud, times, what"),
        ("/count yes colour:red", "There's no argument colour. Use one of these: loud, times, what"),
        ("/count yes 2", "What is counted? Try /count yes 2 cups."),
        ("/" + "x" * 41, f"no command /{'x' * 40}. /help"),
        ("/" + "long" * 11, f"no command /{'long' * 10}. Did you mean /{'long' * 12}?"),
        ("/poll create method:" + "x" * 61, f"“{'x' * 60}”. Use one"),
        ("/poll close p1 " + "x" * 61, f"doesn't take “{'x' * 60}”"),
    ],
)
def test_what_cannot_be_understood_says_what_to_do(line: str, expected: str) -> None:
    """A mistake is answered with its cause and what to type instead. Long words are repeated in part."""
    with pytest.raises(UsageError, match=r".*") as refused:
        parsed(line)
    assert expected in refused.value.message


def test_an_unknown_command_names_the_nearest() -> None:
    """A typing mistake in the command's name is not a dead end."""
    with pytest.raises(UnknownCommand, match="Did you mean /poll create"):
        parsed("/poll crate")
    with pytest.raises(UnknownCommand, match="Did you mean /poll create"):
        parsed("/pol create")
    with pytest.raises(UnknownCommand, match=r"/sy\. Did you mean /say"):
        parsed("/sy hello there")
    with pytest.raises(UnknownCommand, match="/help lists"):
        parsed("/xylophone")


@given(st.text(max_size=5000))
def test_any_text_is_understood_or_refused_politely(line: str) -> None:
    """Whatever is typed, the parser answers; it never fails in another way."""
    with suppress(BotError):
        assert parse("/say " + line, COMMANDS, T).command.name == "say"


def test_visibility_is_known_before_the_handler_runs() -> None:
    """A deferred answer must be private or public from the start, so the arguments alone decide it."""
    say = COMMANDS["say"]
    assert say.visibility_of({"share": False}) is Visibility.PRIVATE
    assert say.visibility_of({"share": True}) is Visibility.PUBLIC


def test_whether_a_form_opens_is_known_from_the_arguments() -> None:
    """A form must be the first answer on Discord and Slack, so nothing may be looked up before."""
    create = COMMANDS["poll create"]
    assert create.opens_form({})
    assert not create.opens_form({"question": "Who pays?"})
    assert not COMMANDS["say"].opens_form({})


class Greeter:
    """A feature whose command has other names, or a name that is another command's."""

    @command("greet", "Greet", also=("hello", "say hello"))
    async def greet(self, ctx: Context) -> Outcome:
        raise NotImplementedError


class Thief:
    @command("steal", "Steal", also=("say",))
    async def steal(self, ctx: Context) -> Outcome:
        raise NotImplementedError


@pytest.mark.parametrize("line", ["/greet", "/hello", "/say hello"])
def test_a_command_is_called_by_its_other_names(line: str) -> None:
    """A name of two words wins over a command with the first one, and a near miss names the command itself."""
    commands = collect([Echo(), Greeter()]).commands
    assert parse(line, commands, translator("en")).command.name == "greet"
    assert set(commands) >= {"greet", "say"}
    assert "hello" not in commands
    with pytest.raises(UnknownCommand, match=r"Did you mean /greet\?"):
        parse("/helo", commands, translator("en"))


def test_another_name_is_no_commands() -> None:
    """The start stops where a command's other name is taken."""
    with pytest.raises(ValueError, match="two commands are called 'say'"):
        collect([Echo(), Thief()])


class Lunch:
    """A group of commands, one of which reads free words."""

    @command("lunch close", "Close")
    async def close(self, ctx: Context) -> Outcome:
        raise NotImplementedError

    @command("lunch create", "Create")
    async def create(self, ctx: Context, words: Annotated[str, Param("", typed=True)] = "") -> Outcome:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("line", "words"),
    [("/lunch Pizza | Sushi", "Pizza | Sushi"), ("/lunch lunch", "lunch"), ("/lunch create Pizza", "Pizza")],
)
def test_a_group_hands_free_words_to_the_command_that_reads_them(line: str, words: str) -> None:
    """Words that name no command of the group are that command's, all of them."""
    call = parse(line, collect([Lunch()]).commands, translator("en"))
    assert (call.command.name, call.args) == ("lunch create", {"words": words})
    assert call.command.named == ()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/lunch clsoe", r"no command /lunch clsoe\. Did you mean /lunch close\?"),
        ("/lunch", "one more word. Try /lunch close, /lunch create"),
        ("/dinner Pizza", "no command /dinner"),
    ],
)
def test_a_group_opens_nothing_for_a_misspelt_command(line: str, answer: str) -> None:
    """A near miss is asked about, and a group by itself lists its commands."""
    with pytest.raises(UsageError, match=answer):
        parse(line, collect([Lunch()]).commands, translator("en"))


def test_a_group_without_free_words_lists_its_commands() -> None:
    """Only a command that reads what was typed gets it."""
    with pytest.raises(UsageError, match="one more word"):
        parse("/say2 Pizza", collect([Strict()]).commands, translator("en"))


class Strict:
    @command("say2 loudly", "Say")
    async def loudly(self, ctx: Context, words: Annotated[str, Param("", rest=True)] = "") -> Outcome:
        raise NotImplementedError


def test_two_features_cannot_share_a_name() -> None:
    """A name that is declared twice stops the start instead of hiding one of the two."""
    with pytest.raises(ValueError, match="two features declare the command"):
        collect([Echo(), Echo()])


@pytest.mark.parametrize(
    ("line", "head", "value", "param"),
    [
        ("/say in", "/say ", "in", "words"),
        ("/say insur act", "/say ", "insur act", "words"),
        ("/say x share:y", "/say x share:", "y", "share"),
        ('/poll create question:"Who p', "/poll create question:", "Who p", "question"),
        ("/poll create method:r", "/poll create method:", "r", "method"),
        ('/poll create question:"a b" method:r', '/poll create question:"a b" method:', "r", "method"),
        ("/say  share:y", "/say  share:", "y", "share"),
        ("/poll close p", "/poll close ", "p", ""),
    ],
)
def test_a_half_typed_line_tells_what_is_being_typed(line: str, head: str, value: str, param: str) -> None:
    """Completion replaces only what is being typed, and knows for which argument."""
    typing = half_typed(line, COMMANDS)
    assert (typing.head, typing.prefix, typing.param.name if typing.param else "") == (head, value, param)


@given(st.text(max_size=200))
def test_completion_survives_any_line(line: str) -> None:
    """A half-typed line is never an error."""
    half_typed(line, COMMANDS)
    half_typed("/say " + line, COMMANDS)


def test_a_command_tells_its_arguments() -> None:
    """What the platforms project: names, types, defaults and which are needed."""
    close: Command = COMMANDS["poll close"]
    assert [(param.name, param.kind, param.required) for param in close.params] == [("poll", str, True)]
