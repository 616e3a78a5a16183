"""How Parley parses a typed line into a command, alike on every platform."""

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
    """Free words go to the argument that takes the rest of the line.

    Smart quotes, apostrophes, capitals, colons and backslashes do no harm.
    """
    assert parsed(line)[1]["words"] == words


def test_named_arguments_may_stand_anywhere() -> None:
    """A named argument such as `share:yes` may stand anywhere in the line, and the other words stay the free text."""
    assert parsed("/say share:yes two times:3 words") == ("say", {"words": "two words", "share": True, "times": 3})
    assert parsed("/poll create question:Lunch? ranked") == ("poll create", {"question": "Lunch?", "method": "ranked"})
    assert parsed("/poll\nclose p1") == ("poll close", {"poll": "p1"})


def test_a_quoted_value_keeps_its_spaces() -> None:
    """A named argument in quotes, such as `question:"Who pays?"`, keeps its spaces."""
    assert parsed('/poll create question:"Who pays?" method:ranked') == (
        "poll create",
        {"question": "Who pays?", "method": "ranked"},
    )


@given(st.text(st.sampled_from("ab'\\#;|<é \t\n\r\x0b\x1c\x85\xa0\u3000"), max_size=20))
def test_words_are_parted_alike_with_and_without_quotes_in_the_line(words: str) -> None:
    """The parser splits words at the same blanks whether or not the line has quotes."""
    assert parsed(f"say x{words}x")[1]["words"] == parsed(f'say x{words}x ""')[1]["words"].rstrip(" ")  # type: ignore[attr-defined]


def test_a_name_with_a_number_is_no_misspelt_argument() -> None:
    """A word such as `method2:tea`, whose name has a number, is no misspelt argument but text."""
    assert parsed("/poll create method2:tea")[1]["question"] == "method2:tea"


def test_a_choice_is_known_by_its_label_too() -> None:
    """A choice can be typed by its label, as the menu shows it, as well as by its short name."""
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
        ("/say times:-1", "whole number"),
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
    """The parser refuses a line that it can't understand, and says what to type instead.

    It repeats at most 60 characters of a wrong word, and 40 of a command.
    """
    with pytest.raises(UsageError, match=r".*") as refused:
        parsed(line)
    assert expected in refused.value.message


def test_an_unknown_command_names_the_nearest() -> None:
    """For an unknown command the parser suggests the nearest one. If none is near, it leads to `/help`."""
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
    """The parser takes any text or refuses it with a message, and never fails in another way."""
    with suppress(BotError):
        assert parse("/say " + line, COMMANDS, T).command.name == "say"


def test_visibility_is_known_before_the_handler_runs() -> None:
    """A command's arguments alone decide whether its answer is public, since Parley must know that before it defers."""
    say = COMMANDS["say"]
    assert say.visibility_of({"share": False}) is Visibility.PRIVATE
    assert say.visibility_of({"share": True}) is Visibility.PUBLIC


def test_whether_a_form_opens_is_known_from_the_arguments() -> None:
    """A command's arguments alone decide whether it opens a form, which Discord and Slack need as the first answer."""
    create = COMMANDS["poll create"]
    assert create.opens_form({})
    assert not create.opens_form({"question": "Who pays?"})
    assert not COMMANDS["say"].opens_form({})


class Greeter:
    """A feature whose command has other names."""

    @command("greet", "Greet", also=("hello", "say hello"))
    async def greet(self, ctx: Context) -> Outcome:
        raise NotImplementedError


class Thief:
    @command("steal", "Steal", also=("say",))
    async def steal(self, ctx: Context) -> Outcome:
        raise NotImplementedError


@pytest.mark.parametrize("line", ["/greet", "/hello", "/say hello"])
def test_a_command_is_called_by_its_other_names(line: str) -> None:
    """A member can call a command by any of its other names.

    A name of two words wins over a command with the first word, and a misspelt other name suggests the command itself.
    """
    commands = collect([Echo(), Greeter()]).commands
    assert parse(line, commands, translator("en")).command.name == "greet"
    assert set(commands) >= {"greet", "say"}
    assert "hello" not in commands
    with pytest.raises(UnknownCommand, match=r"Did you mean /greet\?"):
        parse("/helo", commands, translator("en"))


def test_another_name_is_no_commands() -> None:
    """Parley refuses to start if another name of a command is the name of a different command."""
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
    """If the words after a group's name are none of its commands, the group's command for free words gets them all."""
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
    """A misspelt command of a group gets a suggestion instead of becoming free words.

    The group's name alone lists its commands.
    """
    with pytest.raises(UsageError, match=answer):
        parse(line, collect([Lunch()]).commands, translator("en"))


def test_a_group_without_free_words_lists_its_commands() -> None:
    """A group none of whose commands reads typed words answers free words with the list of its commands."""
    with pytest.raises(UsageError, match="one more word"):
        parse("/say2 Pizza", collect([Strict()]).commands, translator("en"))


class Strict:
    @command("say2 loudly", "Say")
    async def loudly(self, ctx: Context, words: Annotated[str, Param("", rest=True)] = "") -> Outcome:
        raise NotImplementedError


def test_two_features_cannot_share_a_name() -> None:
    """Parley refuses to start if two features declare the same command."""
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
    """In a half-typed line, the parser tells the words before the value, the value being typed and its argument."""
    typing = half_typed(line, COMMANDS)
    assert (typing.head, typing.prefix, typing.param.name if typing.param else "") == (head, value, param)


@given(st.text(max_size=200))
def test_completion_survives_any_line(line: str) -> None:
    """The parser takes any half-typed line without an error."""
    half_typed(line, COMMANDS)
    half_typed("/say " + line, COMMANDS)


def test_a_command_tells_its_arguments() -> None:
    """A command lists its arguments with their names, types and whether they are required."""
    close: Command = COMMANDS["poll close"]
    assert [(param.name, param.kind, param.required) for param in close.params] == [("poll", str, True)]
