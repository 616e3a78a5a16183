"""The gallery's replies, made once for all tests that draw them: that takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest
import pytest_asyncio

from bot.chat.vocabulary import Reply
from tests import gallery as making

Replies = Mapping[str, Reply]
"""Name → reply."""


class Gallery(NamedTuple):
    """All replies, and the names of what was used to get them."""

    replies: Replies
    used: frozenset[str]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    uses = making.Uses()
    replies = await making.replies(tmp_path_factory.mktemp("gallery"), uses)
    return Gallery(replies, frozenset(uses.names))


@pytest.fixture(scope="session")
def replies(gallery: Gallery) -> Replies:
    return gallery.replies
