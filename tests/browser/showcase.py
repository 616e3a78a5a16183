"""A feature that uses every part of a reply, for tests of how they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from bot.chat.markup import Bold, Code, Italic, Link, Plain, Time, bullets, paragraph, plain, quote, text
from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Field,
    Form,
    Image,
    Input,
    InputKind,
    Outcome,
    Post,
    Reply,
    Select,
    Tone,
    Visibility,
)
from bot.dispatch.declare import Context, Param, action, command, form

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><script>parent.hacked = 1</script>'
    '<rect width="60" height="20" fill="teal" onload="parent.hacked = 1"/></svg>'
)
COLOURS = tuple(Choice(name.title(), name, f"the colour {name}") for name in ("red", "green", "blue", "grey"))
SHADES = (Choice("Light", "light"), Choice("Dark", "dark", "as at night"))
FORM = Form(
    Action("survey"),
    "A few questions",
    (
        Input("name", "Name", hint="As you like to be called"),
        Input("about", "About", InputKind.LINES, required=False, longest=40),
        Input("colour", "Colour", InputKind.SELECT, options=COLOURS),
        Input("colours", "Colours", InputKind.SELECT, options=COLOURS, least=1, most=2),
        Input("shade", "Shade", InputKind.CHOICE, "Light or dark", options=SHADES),
    ),
)


def everything() -> Card:
    """Return a card with every piece of markup and every kind of control."""
    return Card(
        title="Everything <i>at once</i>",
        url="https://example.org/card",
        body=text(
            paragraph(Plain("Plain "), Bold("bold"), Italic(" italic "), Code("code")),
            paragraph(Link("a page", "https://example.org/page"), Link("a trap", "javascript:alert(1)")),
            paragraph(Time(datetime(2026, 11, 25, 12, 0, tzinfo=UTC), "25 November 2026, 12:00 UTC")),
            quote("Quoted words"),
            bullets(["first", "second"]),
            bullets(["one", "two"], numbered=True),
        ),
        fields=(Field("For", text("A reason for")), Field("Against", text("A reason against"))),
        image=Image(SVG, "A teal bar"),
        footer="Below the line",
        tone=Tone.GOOD,
        controls=(
            Button("Act", Action("count", ("1",)), style=ButtonStyle.PRIMARY),
            Button("Read", url="https://example.org/read"),
            Button("Follow", url="javascript:alert(1)"),
            Button("Not now", Action("count", ("1",)), disabled=True),
            Select(Action("several"), "One of them", COLOURS),
            Select(Action("several"), "Some of them", COLOURS, least=2, most=3),
        ),
    )


class Showcase:
    """Commands that answer in every possible way."""

    @command("everything", "Shows everything")
    async def everything(self, _ctx: Context) -> Outcome:
        return Outcome(Reply((everything(),)))

    @command("announce", "Tells everyone", visibility=Visibility.PUBLIC)
    async def announce(
        self, ctx: Context, words: Annotated[str, Param("What to tell", rest=True)] = "Hear, hear"
    ) -> Outcome:
        count = Button("Count", Action("count", ("1",)))
        card = Card(title=ctx.t("Announced"), body=text(words), controls=(count,))
        return Outcome(Reply((card,), visibility=Visibility.PUBLIC))

    @command("counter-button", "Counts presses", visibility=Visibility.PRIVATE)
    async def counter(self, _ctx: Context) -> Outcome:
        return Outcome(_counted(0))

    @action("count")
    async def count(self, _ctx: Context, number: str) -> Outcome:
        return Outcome(_counted(int(number)), replace=True)

    @command("post", "Posts for everyone and answers the person")
    async def post(self, _ctx: Context) -> Outcome:
        posted = Post(Reply((Card(title="Posted for all"),), visibility=Visibility.PUBLIC))
        return Outcome(Reply((Card(title="It is posted"),)), posts=(posted,))

    @action("several")
    async def several(self, _ctx: Context, values: tuple[str, ...]) -> Outcome:
        return Outcome(Reply((Card(title="Picked", body=text(", ".join(values))),)))

    @command("survey", "Opens a form", form_when=lambda _args: True)
    async def survey(self, _ctx: Context) -> Outcome:
        return Outcome(Reply(form=FORM))

    @form("survey")
    async def surveyed(self, _ctx: Context, answers: Answers) -> Outcome:
        if answers["name"] == "nobody":
            return Outcome(errors={"name": "Somebody must answer"})
        listed = (f"{name}: {value if isinstance(value, str) else ', '.join(value)}" for name, value in answers.items())
        return Outcome(Reply((Card(title="Thank you", body=bullets(listed)),)))

    @command("whoami", "Tells what the request says of the person")
    async def whoami(self, ctx: Context) -> Outcome:
        request = ctx.request
        answer = (request.actor.id, request.actor.moderator, request.locale, request.now.isoformat())
        return Outcome(Reply((Card(body=text(" ".join(map(str, answer)))),)))

    @command("break", "Fails")
    async def fail(self, _ctx: Context) -> Outcome:
        raise RuntimeError(plain(text("a secret of the inside")))


def _counted(number: int) -> Reply:
    more = Button("Count", Action("count", (str(number + 1),)))
    return Reply((Card(title=f"Counted to {number}", controls=(more,)),))
