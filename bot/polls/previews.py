"""Previews: polls that only their host sees so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.chat.vocabulary import Request
from bot.communities.model import Community, voter_id
from bot.errors import NotFound
from bot.i18n import Translator
from bot.polls import drafts
from bot.polls.drafts import PollPreview
from bot.polls.rules import PollDraft
from bot.store.database import Database, Unit
from bot.store.sql import Transaction


@dataclass(frozen=True, slots=True)
class Previews:
    """Keeps hosts' previews, for them alone. All methods raise Unavailable if the database fails."""

    database: Database
    new_id: Callable[[], str]

    async def keep(self, draft: PollDraft, request: Request, community: Community) -> PollPreview:
        """Store a new preview."""
        preview = PollPreview(self.new_id(), community.id, voter_id(request.actor), draft, request.now)
        await self.database.write(lambda tx: drafts.put(tx, preview))
        return preview

    async def get(self, preview_id: str, request: Request, t: Translator) -> PollPreview:
        """Return the actor's own preview. Raise NotFound for any other, and for one that was posted."""
        preview = await self.database.read(lambda tx: drafts.find(tx, preview_id, voter_id(request.actor)))
        if preview is None:
            raise gone(t)
        return preview

    async def change(self, preview: PollPreview, draft: PollDraft, request: Request) -> PollPreview:
        changed = replace(preview, draft=draft, at=request.now)
        await self.database.write(lambda tx: drafts.put(tx, changed))
        return changed

    async def drop(self, preview_id: str, request: Request) -> bool:
        """Delete the actor's preview. Return False if it was gone."""
        return await self.database.write(lambda tx: drafts.drop(tx, preview_id, voter_id(request.actor)))

    def taking(self, preview: PollPreview, t: Translator) -> Unit[None]:
        """Return the step that deletes a preview for the one caller who may go on. It raises NotFound for the others."""

        async def take(tx: Transaction) -> None:
            if not await drafts.drop(tx, preview.id, preview.member):
                raise gone(t)

        return take


def gone(t: Translator) -> NotFound:
    return NotFound(t("This preview is gone: it was posted, cancelled, or a week old. Use /poll create again."))
