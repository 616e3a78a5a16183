"""What the bot can do, from the same declarations that make it do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from bot.chat import Action, Button, Card, Choice, Outcome, Reply, Tone
from bot.command import Command, Context, Param, action, command
from bot.errors import UnknownCommand
from bot.i18n import N_, Translator
from bot.markup import Bold, Code, Inline, Plain, bullets, paragraph, text
from bot.typed import unknown

EXAMPLES: Mapping[str, str] = {
    "fact": "fact insurrection act",
    "counter": "counter tariffs",
    "define": "define posse comitatus",
    "policy": "policy",
    "poll policy": "poll policy",
}


@dataclass(slots=True)
class Help:
    """Lists the commands it was told of. Told late, because help itself is one of them."""

    commands: Mapping[str, Command] = field(default_factory=dict)

    @command("help", N_("What you can ask, and how"))
    async def help(
        self,
        ctx: Context,
        command: Annotated[str, Param(N_("One command, explained"), rest=True, complete="names")] = "",
    ) -> Outcome:
        name = command.removeprefix("/").strip().lower()
        if not name:
            return Outcome(Reply((self._overview(ctx),)))
        found = self.commands.get(name)
        if found is None:
            raise UnknownCommand(unknown(name, name.split()[0] if name.split() else name, self.commands, ctx.t))
        return Outcome(Reply((_explained(ctx.t, found),)))

    @action("help")
    async def explain(self, ctx: Context, *words: str) -> Outcome:
        return await self.help(ctx, " ".join(words))

    def names(self, ctx: Context, typed: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        wanted = typed.removeprefix("/").lower()
        return [
            Choice(ctx.t.commands + command.name, command.name, ctx.t(command.description))
            for command in self.commands.values()
            if wanted in command.name
        ]

    def _overview(self, ctx: Context) -> Card:
        t = ctx.t
        allowed = [found for found in self.commands.values() if ctx.may(found.permission)]
        examples = {name: line for name, line in EXAMPLES.items() if name in self.commands}
        tries = [
            Button(t("Explain {command}", command=t.commands + name), Action("help", tuple(name.split())))
            for name in examples
        ]
        return Card(
            title=t("What you can ask"),
            body=text(
                bullets((Code(usage(found, t.commands)), Plain(f" {t(found.description)}")) for found in allowed),
                paragraph(t("For example: "), *_listed([Code(t.commands + example) for example in examples.values()])),
                t("Only you see the answers, until you press Share or add share:yes."),
                t("The bot takes no side: facts come with a verdict and sources, arguments with their replies."),
            ),
            controls=tuple(tries),
            tone=Tone.INFO,
        )


def usage(found: Command, commands: str = "/") -> str:
    """`/fact [words]`: what must be given, and what may be in brackets; yes/no switches are left out."""
    shown = [
        param.name if param.required else f"[{param.name}]" for param in found.params if param.required or param.rest
    ]
    return " ".join((f"{commands}{found.name}", *shown))


def _explained(t: Translator, found: Command) -> Card:
    lines = []
    for param in found.params:
        form = param.name if param.rest else f"{param.name}:…"
        need = t("needed") if param.required else t("may be left out")
        choices = f": {', '.join(param.choices)}" if param.choices else ""
        lines.append((Code(form), Plain(f" {t(param.description)}{choices} ({need})")))
    example = EXAMPLES.get(found.name)
    return Card(
        title=t.commands + found.name,
        body=text(
            paragraph(Bold(t(found.description))),
            bullets(lines),
            paragraph(t("For example: "), Code(t.commands + example)) if example else "",
        ),
        tone=Tone.INFO,
    )


def _listed(pieces: list[Code]) -> list[Inline]:
    """The pieces with commas between them."""
    joined: list[Inline] = []
    for piece in pieces:
        joined += [Plain(", "), piece] if joined else [piece]
    return joined
