"""The vocabulary between the core and the platforms: requests, answers and controls.

All of it is plain immutable data. A handler returns an `Outcome`; an adapter draws it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.chat.markup import NO_EMOJI, Block, Emoji, Text
from bot.errors import UsageError

ACTION_MAX = 97
"""Discord's limit for a custom id, the tightest, is 100: https://discord.com/developers/docs/components/reference.
Three characters are reserved for the mark that tells two controls with one action apart."""
COPIES_MAX = 99
ADDRESS_MAX = 512
"""Discord's limit for a link button, the tightest."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, as one platform knows them. `joined` is the time when they joined the community, if known.

    `everywhere` says that the id is this person's in every community of the platform, not only in this one.
    """

    platform: str
    workspace: str
    id: str
    name: str
    roles: frozenset[str] = frozenset()
    moderator: bool = False
    joined: datetime | None = None
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, a thread or a conversation.

    `direct` means a conversation with the bot alone. `private` means that some members of the community can't see the
    place; the adapter tells for every request, and a direct conversation is always private. It isn't part of a place's
    identity: a channel that opens is the same channel.
    """

    platform: str
    workspace: str
    channel: str
    thread: str = ""
    direct: bool = False
    private: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A posted message, for later edits."""

    place: Place
    id: str


@dataclass(frozen=True, slots=True)
class Request:
    """An act of one person: a command, a press, a form. It leads to a post only if `may_write` and `may_post` hold."""

    actor: Actor
    place: Place
    now: datetime
    locale: str = "en"
    origin: MessageRef | None = None
    """The message whose button was pressed."""
    may_write: bool = True
    may_post: bool = True
    """Whether both the actor and the bot may write messages in the place."""
    away: bool = False
    """Whether the bot isn't in the place, so that it answers only the actor, who installed it for themselves."""
    key: str = ""
    """The platform's id of this action, the same for each delivery; empty if it has none."""
    emoji: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The platform's notation for each of its own emoji in the actor's text, by its code."""


_ACTION = re.compile(r"v1:[a-z][a-z0-9-]{0,23}(?::[A-Za-z0-9._=>~,-]*)*")
_COPY = re.compile(r"#[1-9][0-9]?\Z")


@dataclass(frozen=True, slots=True)
class Action:
    """The effect of a control, short enough to travel inside it: `v1:verb:arg:arg`.

    It holds only ids and option indices, never a person's words or id: the person who uses the control is authorised at
    that time. ASCII, at most 100 characters.
    """

    verb: str
    args: tuple[str, ...] = ()

    def encode(self, copy: int = 0) -> str:
        """Encode for a control. Raise ValueError for an action that a control can't carry: a bug, not a member's fault.

        Platforms want unique ids within a message. A repeated action, such as that of a select that was split, is
        encoded with `copy` 1, 2, …, which `decode` removes.
        """
        encoded = ":".join(("v1", self.verb, *self.args))
        if _ACTION.fullmatch(encoded) is None or encoded.count(":") != 1 + len(self.args):
            raise ValueError(f"not an action id: {encoded!r}")
        if len(encoded) > ACTION_MAX:
            raise ValueError(f"an action id of {len(encoded)} characters, more than {ACTION_MAX}: {encoded!r}")
        if copy > COPIES_MAX:
            raise ValueError(f"one action more than {COPIES_MAX} times in a message: {encoded!r}")
        return f"{encoded}#{copy}" if copy else encoded

    @classmethod
    def decode(cls, encoded: str) -> Action:
        """Parse an action id. Raise UsageError for another version's, or one that this program never makes."""
        encoded = _COPY.sub("", encoded[: ACTION_MAX + 4])
        if len(encoded) > ACTION_MAX or _ACTION.fullmatch(encoded) is None:
            raise UsageError(encoded[:ACTION_MAX])
        _, verb, *args = encoded.split(":")
        return cls(verb, tuple(args))


class Visibility(StrEnum):
    PRIVATE = "private"
    """Only the asker sees it."""
    PUBLIC = "public"

    @classmethod
    def of(cls, public: bool) -> Visibility:
        return cls.PUBLIC if public else cls.PRIVATE


class Tone(StrEnum):
    """The meaning of a card's accent colour. A word always says the same."""

    NEUTRAL = "neutral"
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"
    INFO = "info"


class ButtonStyle(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """Runs an action, or opens an address of at most 512 characters: exactly one of `action` and `url` is set.

    `line` is the block of its card's body that the button belongs to; a platform that can draws the two side by side.
    `emoji` is the leading emoji of the label, for platforms that draw it.
    """

    label: str
    action: Action | None = None
    url: str | None = None
    style: ButtonStyle = ButtonStyle.SECONDARY
    disabled: bool = False
    line: Block | None = None
    emoji: Emoji | None = None

    def __post_init__(self) -> None:
        if (self.action is None) == (self.url is None):
            raise ValueError("a button has either an action or an address")
        if self.url is not None and len(self.url) > ADDRESS_MAX:
            raise ValueError(f"a button's address has at most {ADDRESS_MAX} characters, not {len(self.url)}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a select or of a completion. `value` is an id of at most 100 characters."""

    label: str
    value: str
    description: str = ""
    chosen: bool = False
    emoji: Emoji | None = None


class Use(StrEnum):
    """The purpose of a select, for platforms that draw each kind differently."""

    PICK = "pick"
    """It opens or chooses something."""
    VOTE = "vote"
    """It casts a vote, so the button that sends it says so."""
    STEP = "step"
    """It answers one of several questions in a row, so a single press should do."""


@dataclass(frozen=True, slots=True)
class Select:
    """A list of at least one option to pick from. Its action always gets several values, in no promised order.

    No platform draws a select without options, so an empty one is a bug of its author.
    """

    action: Action
    label: str
    options: tuple[Choice, ...]
    least: int = 1
    most: int = 1
    use: Use = Use.PICK
    type_ahead: bool = False
    """Whether `complete` of the action suggests more than these options while a member types."""

    def __post_init__(self) -> None:
        if not self.options or not 0 <= self.least <= self.most or self.most < 1:
            raise ValueError(
                f"a select of {len(self.options)} options, of which {self.least} to {self.most} are picked"
            )


Control = Button | Select


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    value: Text


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: SVG text, which an adapter turns into its platform's format. `alt` says the same in words.

    `narrow` is a version for narrow screens, if there is one.
    """

    svg: str
    alt: str
    name: str = "chart"
    narrow: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Several steps as one form: each row gets at most one of the columns.

    A platform that can draw it does so in place of the card's controls. Its action gets `row=column` for each answered
    row; a row's description is the value of its column so far, or empty.
    """

    action: Action
    rows: tuple[Choice, ...]
    columns: tuple[Choice, ...]
    send: str


@dataclass(frozen=True, slots=True)
class Card:
    """One unit of an answer. `tone` colours its edge; colour alone carries no meaning.

    `poll` is the id of the card's poll, for a platform where polls have pages. `grid` does the work of the controls in
    one form. `sign` is the sign that the title begins with; its mark is the platform's own emoji for it, if any.
    """

    title: str = ""
    body: Text = ()
    url: str | None = None
    fields: tuple[Field, ...] = ()
    image: Image | None = None
    footer: str = ""
    tone: Tone = Tone.NEUTRAL
    controls: tuple[Control, ...] = ()
    poll: str = ""
    grid: Grid | None = None
    sign: Emoji = NO_EMOJI


class InputKind(StrEnum):
    LINE = "line"
    LINES = "lines"
    SELECT = "select"
    CHOICE = "choice"
    """A select of few options, all visible in the form: radio buttons, or check boxes for several."""
    OPTIONS = "options"
    """A poll's options, one on each line. A platform that can gives each its own field."""
    TIME = "time"
    """A moment, as people type it: `friday 18:00`. Its options are ready answers; `complete` suggests more."""


CHOICES_MAX = 10
"""Slack's and Discord's limit for radio buttons and check boxes."""


@dataclass(frozen=True, slots=True)
class Input:
    """One question of a form. The answer is a tuple of values for options, else a string."""

    name: str
    label: str
    kind: InputKind = InputKind.LINE
    hint: str = ""
    value: str = ""
    required: bool = True
    longest: int = 1000
    options: tuple[Choice, ...] = ()
    least: int = 1
    most: int = 1
    type_ahead: bool = False
    """Whether the form's `complete` suggests for this input while a member types."""

    def __post_init__(self) -> None:
        fewest = 1 if self.several else 2
        fits = fewest <= len(self.options) <= CHOICES_MAX and not self.type_ahead
        if self.kind is InputKind.CHOICE and not fits:
            raise ValueError(
                f"a choice among {len(self.options)} options, not {fewest} to {CHOICES_MAX}, all of them known"
            )

    @property
    def picks(self) -> bool:
        """Whether a member picks options instead of typing words."""
        return self.kind in {InputKind.SELECT, InputKind.CHOICE}

    @property
    def several(self) -> bool:
        """Whether a member can pick none or several of the options, as with check boxes."""
        return self.most > 1 or self.least == 0


FORM_INPUTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Form:
    """At most 5 questions in a window. `elsewhere` is the place to act in. A form never leads to another form."""

    action: Action
    title: str
    inputs: tuple[Input, ...]
    elsewhere: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.inputs) + self.elsewhere <= FORM_INPUTS_MAX:
            raise ValueError(f"a form has 1 to {FORM_INPUTS_MAX} inputs, not {len(self.inputs)}")


Answers = Mapping[str, str | tuple[str, ...]]
"""A person's answers, by the input's name."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to save, such as an export. `media_type` looks like `text/csv`."""

    name: str
    content: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The visible answer: cards, or a form to fill in; and files to save beside them."""

    cards: tuple[Card, ...] = ()
    form: Form | None = None
    visibility: Visibility = Visibility.PRIVATE
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A public message. `place` is None for the request's own place.

    With `poll`, the message is a copy of that poll and is redrawn when the poll changes.
    """

    reply: Reply
    place: Place | None = None
    poll: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All effects of a request.

    `answer` is for the person; `replace` puts it in the place of the message whose control was used. `refresh` names
    the polls whose posted copies are out of date. `errors` are messages beside a form's inputs, by the input's name:
    the form stays open. `success` is False for a refusal and for a look-up without a match. `duplicate` marks an action
    that came twice: its answer was given or is on its way, so there is nothing to show.
    """

    answer: Reply | None = None
    posts: tuple[Post, ...] = ()
    refresh: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    replace: bool = False
    success: bool = True
    duplicate: bool = False
