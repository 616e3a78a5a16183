"""Help, made from the declarations of the commands themselves."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from bot.chat.markup import Bold, Code, CommandMention, Plain, bullets, paragraph, text
from bot.chat.vocabulary import Action, Button, Card, Choice, Outcome, Reply, Tone
from bot.dispatch.declare import Command, Context, Param, Permission, action, command
from bot.dispatch.parse import names_of, unknown
from bot.errors import UnknownCommand
from bot.i18n import N_, Translator

EXAMPLES: Mapping[str, str] = {
    "ask": "ask was the insurrection act invoked",
    "fact": "fact insurrection act",
    "counter": "counter tariffs",
    "define": "define posse comitatus",
    "policy": "policy",
    "poll policy": "poll policy",
}


@dataclass(frozen=True, slots=True)
class _Use:
    """A purpose of members: its name, and examples, of which the first with an existing command is shown."""

    words: str
    examples: tuple[str, ...]


_USES: Sequence[_Use] = (
    _Use(N_("Check a claim"), (EXAMPLES["ask"], EXAMPLES["fact"])),
    _Use(N_("Find the strongest counterargument"), (EXAMPLES["counter"],)),
    _Use(N_("Compare policy options"), ("policy",)),
    _Use(N_("Vote and see results"), ("poll list",)),
    _Use(N_("Suggest a correction or a source"), ("suggest",)),
    _Use(N_("See or erase your data"), ("privacy show",)),
)


@dataclass(frozen=True, slots=True)
class _HelpTopic:
    """Commands that belong together, by the words that their names begin with."""

    title: str
    commands: tuple[str, ...]


_TOPICS: Mapping[str, _HelpTopic] = {
    "asking": _HelpTopic(
        N_("Asking"), ("ask", "fact", "counter", "source", "define", "policy", "search", "timeline", "topic", "help")
    ),
    "voting": _HelpTopic(N_("Voting"), ("poll list", "poll receipt", "poll results", "poll export")),
    "hosting": _HelpTopic(
        N_("Hosting"), ("poll policy", "poll create", "poll post", "poll extend", "poll close", "poll cancel")
    ),
    "discussing": _HelpTopic(N_("Discussing"), ("discuss",)),
    "moderating": _HelpTopic(N_("Moderating"), ("settings", "log")),
    "content": _HelpTopic(N_("Content"), ("content", "suggest", "suggestions")),
    "data": _HelpTopic(N_("Your data"), ("privacy",)),
}


@dataclass(slots=True)
class Help:
    """Lists the commands. It gets them late, because help itself is one of them."""

    commands: Mapping[str, Command] = field(default_factory=dict)

    @command("help", N_("Show what you can ask, and how"))
    async def help(
        self,
        ctx: Context,
        command: Annotated[str, Param(N_("A command or a topic, such as poll"), rest=True, complete="names")] = "",
    ) -> Outcome:
        name = command.removeprefix("/").strip().lower()
        if not name:
            return Outcome(Reply((self._overview(ctx),)))
        name = self._nearest(name)
        if name in self.commands:
            return Outcome(Reply((_explanation(ctx.t, self.commands[name]),)))
        listed = self._listed(ctx, _TOPICS[name].commands if name in _TOPICS else (name,))
        if not listed:
            raise UnknownCommand(unknown(name, name.split()[0], self.commands, ctx.t))
        title = ctx.t(_TOPICS[name].title) if name in _TOPICS else ctx.t.commands + name
        return Outcome(Reply((self._topic(ctx, title, listed),)))

    def _nearest(self, name: str) -> str:
        """Return the command, group of commands or topic that these words name, or nearly name; else the words."""
        groups = {command.partition(" ")[0] for command in self.commands}
        subjects = {*self.commands, *groups, *_TOPICS}
        if name in subjects:
            return name
        near = difflib.get_close_matches(name, sorted(subjects), n=1, cutoff=0.6)
        return near[0] if near else names_of(self.commands).get(name, name)

    @action("help", replaces=True)
    async def explain(self, ctx: Context, *words: str) -> Outcome:
        outcome = await self.help(ctx, " ".join(words))
        return Outcome(outcome.answer, replace=True)

    def names(self, ctx: Context, prefix: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        """Suggest the commands that this member may use, and topics."""
        word = prefix.removeprefix("/").lower()
        topics = (Choice(ctx.t(_TOPICS[name].title), name) for name in self._topics(ctx))
        commands = (
            Choice(ctx.t.commands + command.name, command.name, ctx.t(command.description))
            for command in self.commands.values()
            if ctx.may(command.permission)
        )
        return [choice for choice in (*commands, *topics) if word in choice.value]

    def _overview(self, ctx: Context) -> Card:
        t = ctx.t
        lines = [
            (Plain(f"{t(use.words)}: "), CommandMention(t.commands + example, code=True))
            for use in _USES
            if (example := self._example(use))
        ]
        return Card(
            title=t("What you can ask"),
            body=text(
                bullets(lines),
                t("Only you see the answers.")
                if ctx.request.away
                else t("Only you see the answers, until you press Share or add share:yes."),
                t("The bot takes no side: facts come with a verdict and sources, arguments with their replies."),
            ),
            controls=tuple(Button(t(_TOPICS[name].title), Action("help", (name,))) for name in self._topics(ctx)),
            tone=Tone.INFO,
        )

    def _example(self, use: _Use) -> str:
        """Return the first example with an existing command; empty if there is none."""
        return next((line for line in use.examples if any(_begins(line, name) for name in self.commands)), "")

    def _topics(self, ctx: Context) -> Iterator[str]:
        """Yield the topics with a command that this member may use; those of a role only for its members."""
        roles = {"moderating": Permission.MODERATOR, "content": Permission.EDITOR}
        for name, topic in _TOPICS.items():
            if ctx.may(roles.get(name, Permission.MEMBER)) and self._listed(ctx, topic.commands):
                yield name

    def _listed(self, ctx: Context, beginnings: Sequence[str]) -> list[Command]:
        """Return the commands with one of these beginnings that this member may use, in the order of the beginnings."""
        return [
            command
            for beginning in beginnings
            for command in self.commands.values()
            if _begins(command.name, beginning) and ctx.may(command.permission)
        ]

    def _topic(self, ctx: Context, title: str, listed: Sequence[Command]) -> Card:
        lines = [
            (CommandMention(usage(command, ctx.t.commands), code=True), Plain(f" {ctx.t(command.description)}"))
            for command in listed
        ]
        return Card(
            title=title,
            body=text(bullets(lines)),
            controls=(Button(ctx.t("All of help"), Action("help")),),
            tone=Tone.INFO,
        )


def _begins(line: str, command: str) -> bool:
    return line == command or line.startswith(f"{command} ")


def usage(command: Command, commands: str = "/") -> str:
    """`/fact [words]`: required arguments, and optional free words in brackets; other arguments are omitted."""
    params = [
        param.name if param.required else f"[{param.name}]" for param in command.named if param.required or param.rest
    ]
    return " ".join((f"{commands}{command.name}", *params))


def _explanation(t: Translator, command: Command) -> Card:
    lines = []
    for param in command.named:
        form = param.name if param.rest else f"{param.name}:…"
        need = "" if param.required else t(" (optional)")
        choices = f": {', '.join(param.choices)}" if param.choices else ""
        lines.append((Code(form), Plain(f" {t(param.description)}{choices}{need}")))
    example = EXAMPLES.get(command.name)
    return Card(
        title=t.commands + command.name,
        body=text(
            paragraph(Bold(t(command.description))),
            bullets(lines),
            paragraph(t("For example: "), CommandMention(t.commands + example, code=True)) if example else "",
        ),
        tone=Tone.INFO,
    )
