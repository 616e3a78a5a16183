"""Parts that look-ups share: the arguments `share` and `topic`, and the packs that a topic names."""

from __future__ import annotations

from bot.commands.cards import excerpt
from bot.errors import NotFound
from bot.i18n import N_, Translator
from bot.packs.pack import Library, Pack

SHARE = N_("Show the answer to everyone: yes or no")
TOPIC = N_("Look in one topic only")


def packs_of_topic(t: Translator, library: Library, topic: str) -> list[Pack]:
    """The pack with this id or title, or all packs for "". Raise NotFound, naming the topics that exist."""
    if not topic:
        return list(library.packs.values())
    for pack in library.packs.values():
        if topic.casefold() in {pack.id, pack.info.title.casefold()}:
            return [pack]
    topics = ", ".join(library.packs)
    raise NotFound(t("There's no topic “{topic}”. Try one of these: {known}.", topic=excerpt(topic), known=topics))


def pack_of_topic(t: Translator, library: Library, topic: str) -> str | None:
    """The id of the pack that `topic` names; None for all packs, if it is empty. Raise NotFound."""
    return packs_of_topic(t, library, topic)[0].id if topic else None
