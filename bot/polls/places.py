"""The places that a poll belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.vocabulary import Place

_THREADS_OF_THE_CHANNEL = frozenset({"slack"})
"""Platforms where every member of a channel sees its threads. On others, a thread can have members of its own."""


@dataclass(frozen=True, slots=True)
class PollPlace:
    """A channel, a thread with members of its own, or a direct conversation."""

    platform: str
    workspace: str
    channel: str


def poll_place(place: Place) -> PollPlace:
    """Return the narrowest place around a request: a poll opened there belongs to it."""
    apart = place.thread and place.platform not in _THREADS_OF_THE_CHANNEL
    return PollPlace(place.platform, place.workspace, place.thread if apart else place.channel)


def places_around(place: Place) -> frozenset[PollPlace]:
    """Return every place that contains a request made here: a thread is in its channel too."""
    return frozenset({poll_place(place), PollPlace(place.platform, place.workspace, place.channel)})


def is_private(place: Place) -> bool:
    """Whether a poll opened here answers only here."""
    return place.private or place.direct
