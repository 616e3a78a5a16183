"""The way in which a host opens a poll: type or fill in, check the preview, post.

Nothing is public before the host presses *Post*, or types `post:yes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.emoji import code_in
from bot.chat.markup import text
from bot.chat.platform import Platform
from bot.chat.vocabulary import Answers, Card, Choice, Outcome, Post, Reply
from bot.commands import poll_forms, poll_previews, poll_words
from bot.commands.answers import answer, picked
from bot.commands.cards import topic_choices
from bot.commands.mentions import resolve_role, role_words
from bot.commands.poll_views import PollViews
from bot.dispatch.declare import Context, Param, action, command, form
from bot.errors import NotFound, Refused, UsageError
from bot.i18n import N_
from bot.library.edition import Shelf
from bot.packs.model import Option
from bot.packs.pack import Pack
from bot.polls.counting.ballots import Method
from bot.polls.drafts import PollPreview
from bot.polls.model import QUESTION_MAX, PollOption, Results
from bot.polls.objections import consent_options
from bot.polls.pings import may_ping
from bot.polls.places import is_private
from bot.polls.previews import Previews
from bot.polls.rules import PollDraft, mistakes
from bot.polls.service import Polls

POST = Param(N_("Post it at once, without a preview: yes or no"))


@dataclass(frozen=True, slots=True)
class OpeningCommands:
    """Commands, buttons and forms of a poll that isn't open yet."""

    polls: Polls
    previews: Previews
    views: PollViews
    shelf: Shelf
    platforms: Mapping[str, Platform]

    @command(
        "poll policy",
        N_("Open a poll on the topic's policy options"),
        form_when=lambda args: not args.get("options"),
        posts=True,
        needs_community=True,
    )
    async def policy(
        self,
        ctx: Context,
        options: Annotated[
            str,
            Param(
                N_("The options, with | between them; leave out to pick from a list"),
                rest=True,
                complete="option_names",
            ),
        ] = "",
        question: Annotated[str, Param(N_("The question"), longest=QUESTION_MAX)] = "",
        method: Annotated[Method, poll_forms.METHOD] = Method.RANKED,
        closes: Annotated[str, poll_forms.CLOSES] = "",
        results: Annotated[Results, poll_forms.RESULTS] = Results.AT_CLOSE,
        quorum: Annotated[int, Param(N_("How many ballots it takes to decide"))] = 0,
        secret: Annotated[bool, Param(N_("Secret (yes) or named (no)"))] = True,
        topic: Annotated[str, Param(N_("Which topic's options"), complete="topics")] = "",
        post: Annotated[bool, POST] = False,
    ) -> Outcome:
        pack = self._pack(ctx, topic)
        if not options:
            return Outcome(Reply(form=poll_forms.policy_form(ctx.t, pack, poll_forms.AT_ONCE if post else "")))
        if method is Method.CONSENT:
            raise Refused(ctx.t("Consent asks about one proposal. Use /poll create method:consent."))
        chosen = tuple(poll_forms.policy_option(ctx.t, pack, name) for name in poll_forms.split_options(options))
        draft = PollDraft(
            question=poll_forms.cleaned(question) or poll_forms.policy_question(ctx.t, pack),
            options=chosen,
            closes_at=poll_forms.closes_at(ctx, closes),
            closes=poll_forms.cleaned(closes),
            method=method,
            results=results,
            quorum=quorum,
            secret=secret,
            topic=pack.id,
        )
        return await self._asked(ctx, draft, at_once=post)

    @command(
        "poll create",
        N_("Open a poll with your own question and options"),
        also=("poll new", "poll start", "poll open", "poll make", "poll add"),
        form_when=lambda args: not poll_forms.is_whole(args),
        posts=True,
        needs_community=True,
    )
    async def create(
        self,
        ctx: Context,
        question: Annotated[str, Param(N_("The question"), longest=5000)] = "",
        options: Annotated[str, Param(N_("2 to 25 options, with | between them"), rest=True)] = "",
        method: Annotated[Method, poll_forms.METHOD] = Method.SINGLE,
        closes: Annotated[str, poll_forms.CLOSES] = "",
        results: Annotated[Results, poll_forms.RESULTS] = Results.AT_CLOSE,
        most: Annotated[int, Param(N_("With approval: how many options a voter can choose"))] = 0,
        quorum: Annotated[int, Param(N_("How many ballots it takes to decide"))] = 0,
        secret: Annotated[bool, Param(N_("Secret (yes) or named (no)"))] = True,
        role: Annotated[str, Param(N_("Only members with this role can vote"), longest=100, picks="role")] = "",
        joined_before: Annotated[bool, Param(N_("Only members who joined before the poll opened"))] = False,
        public: Annotated[bool, Param(N_("Let anyone open its result page"))] = False,
        post: Annotated[bool, POST] = False,
        words: Annotated[str, Param("", typed=True)] = "",
    ) -> Outcome:
        names = poll_forms.split_options(options)
        if not poll_forms.is_whole({"question": question, "options": options, "words": words, "method": method}):
            typed = poll_words.PollWords(poll_forms.cleaned(question), names, method, closes).completed(words)
            at_once = poll_forms.AT_ONCE if post else ""
            form = poll_forms.create_form(
                ctx.t, typed.question, typed.options, typed.method, results, typed.closes, at_once
            )
            return Outcome(Reply(form=form))
        draft = PollDraft(
            question=poll_forms.cleaned(question),
            options=self._options(ctx, method, names),
            closes_at=poll_forms.closes_at(ctx, closes),
            closes=poll_forms.cleaned(closes),
            method=method,
            max_choices=most,
            results=results,
            quorum=quorum,
            secret=secret,
            roles=frozenset({await resolve_role(ctx, self.platforms, role)} if role else ()),
            joined_before=joined_before,
            public=public,
        )
        return await self._asked(ctx, draft, at_once=post)

    @action("poll-new", opens_form=True, posts=True)
    async def new(self, ctx: Context) -> Outcome:
        """Open the form of a poll on the first topic's options."""
        return Outcome(Reply(form=poll_forms.policy_form(ctx.t, self._pack(ctx, ""))))

    async def create_form(self, ctx: Context, at_once: str = "") -> Outcome:
        return Outcome(Reply(form=poll_forms.create_form(ctx.t, at_once=at_once)))

    async def policy_form(self, ctx: Context, pack_id: str, at_once: str = "") -> Outcome:
        return Outcome(Reply(form=poll_forms.policy_form(ctx.t, self._pack(ctx, pack_id), at_once)))

    @form("poll-create", posts=True, again="create_form", complete={"closes": "closing_times"})
    async def created(self, ctx: Context, at_once: str = "", *, answers: Answers) -> Outcome:
        wrong: dict[str, str] = {}
        draft = self._from_form(ctx, answers, None, wrong)
        return await self._filled(ctx, draft, wrong, at_once=bool(at_once))

    @form(
        "poll-policy",
        posts=True,
        again="policy_form",
        complete={"options": "policy_options", "closes": "closing_times"},
    )
    async def policy_created(self, ctx: Context, pack_id: str, at_once: str = "", *, answers: Answers) -> Outcome:
        pack = self._pack(ctx, pack_id)
        wrong: dict[str, str] = {}
        draft = self._from_form(ctx, answers, pack, wrong)
        return await self._filled(ctx, draft, wrong, at_once=bool(at_once))

    def _from_form(self, ctx: Context, answers: Answers, pack: Pack | None, wrong: dict[str, str]) -> PollDraft:
        """Read the first form, over the topic's options or the host's own."""
        question = poll_forms.cleaned(answer(answers, "question"))
        method = picked(answers, "method", Method.RANKED if pack else Method.SINGLE, ctx.t)
        if pack is not None:
            options = poll_forms.filled_options(ctx.t, pack, answers, wrong)
        else:
            options = self._filled_names(ctx, method, answers, wrong)
        return PollDraft(
            question=question or (poll_forms.policy_question(ctx.t, pack) if pack else ""),
            options=options,
            closes_at=poll_forms.filled_close(ctx, answers, wrong),
            closes=poll_forms.cleaned(answer(answers, "closes")),
            method=method,
            results=picked(answers, "results", Results.AT_CLOSE, ctx.t),
            topic=pack.id if pack else "",
        )

    def _filled_names(
        self, ctx: Context, method: Method, answers: Answers, wrong: dict[str, str]
    ) -> tuple[PollOption, ...]:
        try:
            return self._options(ctx, method, poll_forms.split_options(answer(answers, "options")))
        except Refused as error:
            wrong["options"] = error.message
            return ()

    def _options(self, ctx: Context, method: Method, names: Sequence[str]) -> tuple[PollOption, ...]:
        """Return the options that the host typed, or those of every consent poll. Raise Refused for both together."""
        if method is not Method.CONSENT:
            return tuple(PollOption(name, emoji=ctx.request.emoji.get(code_in(name), "")) for name in names)
        options = consent_options(ctx.t)
        if names and [name.casefold() for name in names] != [option.name.casefold() for option in options]:
            raise Refused(ctx.t("Leave out the options: with consent, members agree, abstain or object."))
        return options

    # --- the preview ---

    async def show(self, ctx: Context, draft: PollDraft) -> Outcome:
        """Show the preview of a poll. Raise NotAllowed and Refused."""
        return await self._asked(ctx, draft, at_once=False)

    def topic_of(self, topic: str) -> Pack | None:
        """Return the topic of a poll's options; None if it is gone."""
        return self.shelf.current.library.packs.get(topic) if topic else None

    def changed(self, ctx: Context, draft: PollDraft, answers: Answers, wrong: dict[str, str]) -> PollDraft:
        """Return the draft with the first form's answers. Mistakes go into `wrong`."""
        first = self._from_form(ctx, answers, self.topic_of(draft.topic), wrong)
        changed = poll_forms.with_first_form(draft, first)
        if changed.follows and changed.method is Method.CONSENT:  # its options name the poll that it follows
            return replace(changed, options=draft.options)
        return changed

    async def prepare(self, ctx: Context, draft: PollDraft, wrong: Mapping[str, str]) -> Outcome:
        """Show the preview of another form's poll, or every mistake beside its field."""
        return await self._filled(ctx, draft, wrong)

    async def _asked(self, ctx: Context, draft: PollDraft, *, at_once: bool) -> Outcome:
        """Show the preview of a typed poll, or post it if the host said so."""
        if at_once:
            return await self._post(ctx, draft, None)
        self.polls.check(draft, ctx.request, ctx.community, ctx.t)
        return self._shown(ctx, await self.previews.keep(draft, ctx.request, ctx.community))

    async def _filled(
        self,
        ctx: Context,
        draft: PollDraft,
        wrong: Mapping[str, str],
        preview: PollPreview | None = None,
        *,
        at_once: bool = False,
    ) -> Outcome:
        """Show or post a form's poll, or show every mistake beside its field.

        A rule against the poll as a whole is reported beside the options.
        """
        errors = {**mistakes(draft, ctx.request, ctx.t), **wrong}
        if errors:
            return Outcome(errors=errors)
        try:
            if at_once:
                return await self._post(ctx, draft, None)
            self.polls.check(draft, ctx.request, ctx.community, ctx.t)
        except Refused as error:
            return Outcome(errors={"options": error.message})
        if preview is None:
            return self._shown(ctx, await self.previews.keep(draft, ctx.request, ctx.community))
        return replace(self._shown(ctx, await self.previews.change(preview, draft, ctx.request)), replace=True)

    def _shown(self, ctx: Context, preview: PollPreview) -> Outcome:
        poll = self.polls.drafted(preview.draft, ctx.request, ctx.community)
        return Outcome(
            poll_previews.preview(ctx.t, poll, preview.draft, preview.id, ctx.community.tz, self.polls.secrecy)
        )

    @action("draft-post", replaces=True, posts=True)
    async def post_draft(self, ctx: Context, preview_id: str) -> Outcome:
        preview = await self.previews.get(preview_id, ctx.request, ctx.t)
        return replace(await self._post(ctx, preview.draft, preview), replace=True)

    @action("draft-cancel", replaces=True)
    async def cancel_draft(self, ctx: Context, preview_id: str) -> Outcome:
        await self.previews.drop(preview_id, ctx.request)
        card = Card(title=ctx.t("Not posted"), body=text(ctx.t("The preview is gone. Nobody else saw it.")))
        return Outcome(Reply((card,)), replace=True)

    @action("draft-closes", replaces=True)
    async def reset_close(self, ctx: Context, preview_id: str, values: tuple[str, ...] = ()) -> Outcome:
        if not values or values[0] not in poll_forms.READY_CLOSES:
            raise UsageError(preview_id)
        preview = await self.previews.get(preview_id, ctx.request, ctx.t)
        later = poll_forms.closes_at(ctx, values[0])
        changed = replace(preview.draft, closes_at=later, closes=values[0])  # as typed, so that each language reads it
        return replace(self._shown(ctx, await self.previews.change(preview, changed, ctx.request)), replace=True)

    @action("draft-edit", opens_form=True)
    async def edit_draft(self, ctx: Context, preview_id: str) -> Outcome:
        preview = await self.previews.get(preview_id, ctx.request, ctx.t)
        return Outcome(Reply(form=poll_forms.edit_form(ctx.t, preview, self.topic_of(preview.draft.topic))))

    @form("draft-edited", again="edit_draft", complete={"options": "draft_options", "closes": "closing_times"})
    async def draft_edited(self, ctx: Context, preview_id: str, answers: Answers) -> Outcome:
        preview = await self.previews.get(preview_id, ctx.request, ctx.t)
        wrong: dict[str, str] = {}
        changed = self.changed(ctx, preview.draft, answers, wrong)
        return await self._filled(ctx, changed, wrong, preview)

    @action("draft-more", opens_form=True)
    async def more(self, ctx: Context, preview_id: str) -> Outcome:
        preview = await self.previews.get(preview_id, ctx.request, ctx.t)
        more = poll_previews.more_form(
            ctx.t,
            preview.id,
            preview.draft,
            await role_words(ctx, self.platforms, preview.draft.roles),
            may_be_public=not is_private(ctx.request.place),
            knows_joins=ctx.request.actor.joined is not None,
            may_ping=bool(ctx.community.ping_role),
        )
        return Outcome(Reply(form=more))

    @form("draft-settings", again="more")
    async def settings_filled(self, ctx: Context, preview_id: str, answers: Answers) -> Outcome:
        preview = await self.previews.get(preview_id, ctx.request, ctx.t)
        wrong: dict[str, str] = {}
        others = answers.get("others", ())
        draft = replace(
            preview.draft,
            secret=poll_previews.NAMED not in answers.get("secrecy", ()),
            quorum=poll_previews.filled_number(ctx.t, answers, "quorum", wrong),
            max_choices=poll_previews.filled_number(ctx.t, answers, "most", wrong),
            roles=await self._filled_role(ctx, answer(answers, "role"), wrong),
            public=poll_previews.PUBLIC in others,
            joined_before=poll_previews.JOINED_BEFORE in others,
            ping=poll_previews.PING in others,
        )
        if draft.ping and not await may_ping(self.platforms, ctx.community, ctx.request):
            wrong["others"] = ctx.t("I can't ping that role: you and I both need the right to ping it here.")
        names = {"max_choices": "most", "public": "others", "joined_before": "others"}
        broken = {names.get(name, name): words for name, words in mistakes(draft, ctx.request, ctx.t).items()}
        if errors := {**broken, **wrong}:
            return Outcome(errors=errors)
        return await self._filled(ctx, draft, {}, preview)

    async def _filled_role(self, ctx: Context, words: str, wrong: dict[str, str]) -> frozenset[str]:
        if not words.strip():
            return frozenset()
        try:
            return frozenset({await resolve_role(ctx, self.platforms, words)})
        except NotFound as error:
            wrong["role"] = error.message
            return frozenset()

    async def _post(self, ctx: Context, draft: PollDraft, preview: PollPreview | None) -> Outcome:
        """Open the poll and delete its preview, in one transaction."""
        take = self.previews.taking(preview, ctx.t) if preview else None
        draft = replace(draft, ping=draft.ping and await may_ping(self.platforms, ctx.community, ctx.request))
        poll = await self.polls.create(draft, ctx.request, ctx.community, ctx.t, also=take)
        card = poll_previews.posted_card(ctx.t, poll, ctx.community.tz)
        message = await self.views.opening_message(poll, ctx.community)
        return Outcome(Reply((card,)), posts=(Post(message, poll=poll.id),))

    # --- what completes ---

    def policy_options(self, ctx: Context, query: str, pack_id: str, _at_once: str = "") -> Sequence[Choice]:
        """Suggest the topic's policy options, of which there may be more than a form can list."""
        return poll_forms.policy_choices(self._pack(ctx, pack_id), query)

    async def draft_options(self, ctx: Context, query: str, preview_id: str) -> Sequence[Choice]:
        pack = self.topic_of((await self.previews.get(preview_id, ctx.request, ctx.t)).draft.topic)
        return poll_forms.policy_choices(pack, query) if pack else ()

    def option_names(self, ctx: Context, query: str, args: Mapping[str, object]) -> Sequence[Choice]:
        """Complete the last of the options that a host types with `|` between them."""
        *before, last = query.split("|")
        lead = "|".join(before) + "|" if before else ""
        pack = self._pack(ctx, str(args.get("topic") or ""))
        return [
            Choice(f"{lead}{one.label}"[:100], f"{lead}{one.label}"[:100])
            for one in poll_forms.policy_choices(pack, last.strip())
        ]

    def closing_times(self, ctx: Context, query: str, *_args: object) -> Sequence[Choice]:
        return poll_forms.closing_choices(ctx, query)

    def topics(self, _ctx: Context, query: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return topic_choices(self.shelf.current.library, query)

    def _pack(self, ctx: Context, topic: str) -> Pack:
        packs = self.shelf.current.library.packs
        name = topic or ctx.community.topic
        if name:
            pack = packs.get(name) or next((p for p in packs.values() if p.info.title == name), None)
        else:
            pack = next((pack for pack in packs.values() if any(pack.all(Option))), None)
        if pack is None:
            raise NotFound(ctx.t("There's no topic “{topic}”. /topic lists them.", topic=name[:60]))
        return pack
