"""Templates of polls that a community opens again and again: save, list, copy, delete."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.chat.vocabulary import Place, Request
from bot.communities import repository as communities
from bot.communities.model import Community
from bot.errors import NotAllowed, NotFound, Refused
from bot.i18n import Translator
from bot.polls.drafts import as_json, from_json
from bot.polls.option_names import is_blank
from bot.polls.places import PollPlace, is_private, places_around, poll_place
from bot.polls.rules import PollDraft
from bot.store.database import Database
from bot.store.sql import Row, Transaction
from bot.store.timestamps import from_stored, to_stored

NAME_MAX = 75
TEMPLATES_MAX = 100
"""Templates of one community."""


@dataclass(frozen=True, slots=True)
class Template:
    """A poll to copy. `member` is its author's id, empty once erased. A `private` one is visible only in its place."""

    id: str
    community: str
    name: str
    member: str
    member_name: str
    private: bool
    place: PollPlace
    draft: PollDraft
    at: datetime

    def answers(self, community: str, place: Place) -> bool:
        return community == self.community and (not self.private or self.place in places_around(place))


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of every community. All methods raise Unavailable if the database fails."""

    database: Database
    new_id: Callable[[], str]

    async def save(
        self, name: str, draft: PollDraft, request: Request, community: Community, t: Translator
    ) -> Template:
        """Save a poll under a name. Raise NotAllowed for a member who may not, Refused for a bad name or too many."""
        actor = request.actor
        if not community.may_create(actor):
            raise NotAllowed(t("Only moderators can create polls in this community."))
        if is_blank(name) or len(name) > NAME_MAX:
            raise Refused(t("Give the template a name of 1 to {most} characters.", most=NAME_MAX))
        template = Template(
            self.new_id(),
            community.id,
            name,
            actor.id,
            actor.name,
            is_private(request.place),
            poll_place(request.place),
            draft,
            request.now,
        )

        async def write(tx: Transaction) -> None:
            await communities.ensure(tx, community.id)
            if len(await tx.rows("templates_of", community=community.id)) >= TEMPLATES_MAX:
                raise Refused(t("Delete a template first: {n} are saved here, the most allowed.", n=TEMPLATES_MAX))
            await tx.run(
                "put_template",
                id=template.id,
                community=template.community,
                name=template.name,
                member=template.member,
                member_name=template.member_name,
                private=int(template.private),
                place=json.dumps(asdict(template.place)),
                poll=as_json(template.draft),
                at=to_stored(template.at),
            )

        await self.database.write(write)
        return template

    async def listed(self, request: Request, community: Community) -> Sequence[Template]:
        """Return the templates that the request's place may see, by name."""
        rows = await self.database.read(lambda tx: tx.rows("templates_of", community=community.id))
        templates = [_template(row) for row in rows]
        return [template for template in templates if template.answers(community.id, request.place)]

    async def seen_by(self, template_id: str, request: Request, community: Community, t: Translator) -> Template:
        """Return the template, if the place may see it; else raise NotFound, in the same words as for a missing one."""
        row = await self.database.read(lambda tx: tx.one("find_template", id=template_id))
        template = None if row is None else _template(row)
        if template is None or not template.answers(community.id, request.place):
            raise NotFound(t("There's no such template here. /poll templates lists them."))
        return template

    async def drop(self, template: Template, request: Request, community: Community, t: Translator) -> None:
        """Delete a template. Raise NotAllowed except for its author and moderators."""
        if not (request.actor.id == template.member or community.moderates(request.actor)):
            raise NotAllowed(t("Only the member who saved a template and moderators can delete it."))
        await self.database.write(lambda tx: tx.run("drop_template", id=template.id))


def _template(row: Row) -> Template:
    return Template(
        row["id"],
        row["community"],
        row["name"],
        row["member"],
        row["member_name"],
        bool(row["private"]),
        PollPlace(**json.loads(row["place"])),
        from_json(row["poll"]),
        from_stored(row["at"]),
    )
