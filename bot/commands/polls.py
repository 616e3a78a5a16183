"""Polls: opening, voting, results, and what a host may do. Thin: the rules are in bot/polls/service.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from bot.charts import chart
from bot.chat import (
    Action,
    Answers,
    Attachment,
    Button,
    Card,
    Choice,
    Outcome,
    Platform,
    Post,
    Reply,
    Tone,
    Visibility,
)
from bot.command import Context, Param, action, command, form
from bot.commands import ballot_cards, poll_cards, poll_forms
from bot.commands.answers import answer, picked
from bot.commands.cards import topic_choices
from bot.commands.named import named_role
from bot.community import Community, translator_for
from bot.errors import NotAllowed, NotFound, Refused
from bot.i18n import N_, Translator
from bot.library.model import Option, Pack
from bot.library.shelf import Shelf
from bot.markup import Bold, Code, Plain, bullets, paragraph, text
from bot.polls import export
from bot.polls.ballots import Method
from bot.polls.box import Receipt
from bot.polls.model import QUESTION_MAX, CastEnd, Poll, PollOption, Results, State
from bot.polls.service import Draft, Polls, mistakes


@dataclass(frozen=True, slots=True)
class PollCommands:
    """Commands, buttons and forms around polls."""

    polls: Polls
    shelf: Shelf
    platforms: Mapping[str, Platform]

    # --- opening ---

    @command(
        "poll policy",
        N_("Open a poll on the topic's policy options"),
        form_when=lambda args: not args.get("options"),
    )
    async def policy(
        self,
        ctx: Context,
        options: Annotated[
            str, Param(N_("The options, with | between them; leave out to pick from a list"), rest=True)
        ] = "",
        question: Annotated[str, Param(N_("The question"), longest=QUESTION_MAX)] = "",
        method: Annotated[Method, poll_forms.METHOD] = Method.RANKED,
        closes: Annotated[str, poll_forms.CLOSES] = poll_forms.CLOSES_DEFAULT,
        results: Annotated[Results, poll_forms.RESULTS] = Results.AT_CLOSE,
        quorum: Annotated[int, Param(N_("How many ballots it takes to decide"))] = 0,
        secret: Annotated[bool, Param(N_("Secret (yes) or named (no)"))] = True,
        topic: Annotated[str, Param(N_("Which topic's options"), complete="topics")] = "",
    ) -> Outcome:
        pack = self._pack(ctx, topic)
        if not options:
            return Outcome(Reply(form=poll_forms.policy_form(ctx.t, pack)))
        chosen = tuple(poll_forms.policy_option(ctx.t, pack, name) for name in poll_forms.split_options(options))
        draft = Draft(
            question=poll_forms.cleaned(question) or poll_forms.policy_question(ctx.t, pack),
            options=chosen,
            closes_at=poll_forms.closes_at(ctx, closes),
            method=method,
            results=results,
            quorum=quorum,
            secret=secret,
            topic=pack.id,
        )
        return await self._open(ctx, draft)

    @command(
        "poll create",
        N_("Open a poll with your own question and options"),
        form_when=lambda args: not (args.get("question") and args.get("options")),
    )
    async def create(
        self,
        ctx: Context,
        question: Annotated[str, Param(N_("The question"), longest=5000)] = "",
        options: Annotated[str, Param(N_("2 to 25 options, with | between them"), rest=True)] = "",
        method: Annotated[Method, poll_forms.METHOD] = Method.SINGLE,
        closes: Annotated[str, poll_forms.CLOSES] = poll_forms.CLOSES_DEFAULT,
        results: Annotated[Results, poll_forms.RESULTS] = Results.AT_CLOSE,
        most: Annotated[int, Param(N_("With approval: at most so many options"))] = 0,
        quorum: Annotated[int, Param(N_("How many ballots it takes to decide"))] = 0,
        secret: Annotated[bool, Param(N_("Secret (yes) or named (no)"))] = True,
        role: Annotated[str, Param(N_("Only members with this role may vote"), longest=100, picks="role")] = "",
        joined_before: Annotated[bool, Param(N_("Only those who joined before the poll opened"))] = False,
        public: Annotated[bool, Param(N_("Its result page may be shown outside"))] = False,
    ) -> Outcome:
        names = poll_forms.split_options(options)
        if not (question and names):
            return Outcome(Reply(form=poll_forms.create_form(ctx.t, question, "\n".join(names))))
        draft = Draft(
            question=poll_forms.cleaned(question),
            options=tuple(PollOption(name) for name in names),
            closes_at=poll_forms.closes_at(ctx, closes),
            method=method,
            max_choices=most,
            results=results,
            quorum=quorum,
            secret=secret,
            roles=frozenset({await named_role(ctx, self.platforms, role)} if role else ()),
            joined_before=joined_before,
            public=public,
        )
        return await self._open(ctx, draft)

    async def create_form(self, ctx: Context) -> Outcome:
        return Outcome(Reply(form=poll_forms.create_form(ctx.t, "", "")))

    async def policy_form(self, ctx: Context, pack_id: str) -> Outcome:
        return Outcome(Reply(form=poll_forms.policy_form(ctx.t, self._pack(ctx, pack_id))))

    @form("poll-create", again="create_form")
    async def created(self, ctx: Context, answers: Answers) -> Outcome:
        wrong: dict[str, str] = {}
        draft = Draft(
            question=poll_forms.cleaned(answer(answers, "question")),
            options=tuple(PollOption(name) for name in poll_forms.split_options(answer(answers, "options"))),
            closes_at=poll_forms.filled_close(ctx, answers, wrong),
            method=picked(answers, "method", Method.SINGLE, ctx.t),
            results=picked(answers, "results", Results.AT_CLOSE, ctx.t),
        )
        return await self._open_filled(ctx, draft, wrong)

    @form("poll-policy", again="policy_form", complete={"options": "policy_options"})
    async def policy_created(self, ctx: Context, pack_id: str, answers: Answers) -> Outcome:
        pack = self._pack(ctx, pack_id)
        wrong: dict[str, str] = {}
        draft = Draft(
            question=poll_forms.cleaned(answer(answers, "question")) or poll_forms.policy_question(ctx.t, pack),
            options=poll_forms.filled_options(ctx.t, pack, answers, wrong),
            closes_at=poll_forms.filled_close(ctx, answers, wrong),
            method=picked(answers, "method", Method.RANKED, ctx.t),
            results=picked(answers, "results", Results.AT_CLOSE, ctx.t),
            topic=pack.id,
        )
        return await self._open_filled(ctx, draft, wrong)

    def policy_options(self, ctx: Context, typed: str, pack_id: str) -> Sequence[Choice]:
        """The topic's policy options, more of them than a form can list."""
        return poll_forms.policy_choices(self._pack(ctx, pack_id), typed)

    async def _open_filled(self, ctx: Context, draft: Draft, wrong: Mapping[str, str]) -> Outcome:
        """Opens what a form describes, or tells every mistake beside its field: those that were found, and the rest.

        A rule that says no to the poll as a whole is told beside the options.
        """
        told = {**mistakes(draft, ctx.request.actor, ctx.t), **wrong}
        if told:
            return Outcome(errors=told)
        try:
            return await self._open(ctx, draft)
        except Refused as error:
            return Outcome(errors={"options": error.message})

    async def _open(self, ctx: Context, draft: Draft) -> Outcome:
        poll = await self.polls.create(draft, ctx.request.actor, ctx.community, ctx.request.now, ctx.t)
        said = Card(
            title=ctx.t("The poll is open"),
            body=text(
                paragraph(ctx.t("Its id is "), Code(poll.id), "."),
                ctx.t(
                    "It closes by itself. /poll extend, /poll close and /poll cancel are for you and the moderators."
                ),
            ),
            tone=Tone.GOOD,
        )
        return Outcome(Reply((said,)), posts=(await self._copy(ctx, poll),))

    async def _copy(self, ctx: Context, poll: Poll) -> Post:
        return Post(await self.copy(poll, ctx.community), poll=poll.id)

    # --- voting ---

    @action("vote")
    async def vote(self, ctx: Context, poll_id: str, choice: str = "", values: tuple[str, ...] = ()) -> Outcome:
        poll = await self._to_vote_in(ctx, poll_id)
        return await self._cast(ctx, poll, choice or ",".join(values))

    @action("ballot", replaces=True)
    async def ballot(
        self, ctx: Context, poll_id: str, draft: str | None = None, values: tuple[str, ...] = ()
    ) -> Outcome:
        """Shows a ballot that is being filled in; its state travels in the buttons, so nothing is lost by a restart.

        Without a draft, not even an empty one, a new ballot begins beside what is there.
        """
        begun = draft is not None or bool(values)
        draft = draft or ""
        poll = await self._seen(ctx, poll_id)
        ballot_cards.must_be_open(ctx.t, poll)
        if poll.method is Method.RANKED:
            card = ballot_cards.ranking_card(ctx.t, poll, ballot_cards.ranking(ctx.t, poll, draft, values))
        else:
            card = ballot_cards.scoring_card(ctx.t, poll, ballot_cards.scoring(ctx.t, poll, draft, values))
        return Outcome(Reply((card,)), replace=begun)

    @action("cast", replaces=True)
    async def cast(self, ctx: Context, poll_id: str, draft: str) -> Outcome:
        poll = await self._to_vote_in(ctx, poll_id)
        if poll.method is Method.SCORE:
            given = ballot_cards.scoring(ctx.t, poll, draft, ())
            draft = ",".join(
                "" if score is None else str(score) for score in (*given, *[None] * (len(poll.options) - len(given)))
            )
        return replace(await self._cast(ctx, poll, draft), replace=True)

    @action("withdraw", replaces=True)
    async def withdraw(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._to_vote_in(ctx, poll_id)
        return replace(await self._cast(ctx, poll, None), replace=True)

    @action("secrecy")
    async def secrecy(self, ctx: Context, poll_id: str) -> Outcome:
        return Outcome(Reply((poll_cards.secrecy_card(ctx.t, await self._seen(ctx, poll_id)),)))

    @action("mine")
    async def mine(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._seen(ctx, poll_id)
        standing = await self.polls.own(poll, ctx.request.actor)
        if standing is None:
            return Outcome(Reply((Card(title=ctx.t("Your vote"), body=ballot_cards.no_vote(ctx.t, poll)),)))
        return Outcome(
            Reply((ballot_cards.vote_card(ctx.t, poll, ctx.t("Your vote"), standing.choice, standing.code),))
        )

    async def _cast(self, ctx: Context, poll: Poll, choice: str | None) -> Outcome:
        cast = await self.polls.cast(poll, ctx.request.actor, choice, ctx.request.now, ctx.t)
        changed = () if cast.end is CastEnd.UNCHANGED else (poll.id,)
        return Outcome(Reply((ballot_cards.cast_card(ctx.t, poll, cast),)), refresh=changed)

    # --- copies ---

    async def copy(self, poll: Poll, community: Community) -> Reply:
        """What a posted message of the poll shows now, in the community's language and zone."""
        card = await self._card(translator_for(community, self.platforms), poll, community)
        return Reply((card,), visibility=Visibility.PUBLIC)

    async def _card(self, t: Translator, poll: Poll, community: Community) -> Card:
        if poll.state is State.CLOSED:
            return poll_cards.closed_card(t, poll, await self.polls.result(poll))
        live = poll.state is State.OPEN and poll.results is Results.LIVE
        return poll_cards.poll_card(t, poll, community.tz, await self.polls.result(poll) if live else None)

    async def announcement(self, poll: Poll, community: Community) -> Reply:
        """What is said when a poll has closed."""
        t = translator_for(community, self.platforms)
        first, *rest = await self.result_cards(t, poll)
        return Reply(
            (replace(first, title=t("Closed: {question}", question=poll.question)), *rest), visibility=Visibility.PUBLIC
        )

    async def reminder(self, poll: Poll, community: Community) -> Reply:
        """What is said some time before a poll closes."""
        t = translator_for(community, self.platforms)
        cast = (await self.polls.result(poll)).cast if poll.results is Results.LIVE else None
        return Reply((poll_cards.reminder_card(t, poll, community.tz, cast),), visibility=Visibility.PUBLIC)

    # --- reading ---

    @command("poll list", N_("List the polls of this community"))
    async def list(self, ctx: Context) -> Outcome:
        found = await self.polls.listed(ctx.community.id)
        if not found:
            hint = ctx.t("No poll yet. /poll policy opens one on the topic's options, /poll create on your own.")
            return Outcome(Reply((Card(title=ctx.t("Polls"), body=text(hint)),)), found=False)
        states = {
            State.OPEN: ctx.t("open"),
            State.CLOSED: ctx.t("closed"),
            State.CANCELLED: ctx.t("cancelled"),
        }
        lines = [
            (Bold(poll.question), Plain(f" ({states[poll.state]} · {poll_cards.footer(ctx.t, poll)})"))
            for poll in found[:20]
        ]
        shown = Card(
            title=ctx.t("Polls"),
            body=bullets(lines),
            controls=tuple(
                Button(ctx.t("Show {id}", id=poll.id), Action("poll-show", (poll.id,))) for poll in found[:5]
            ),
        )
        return Outcome(Reply((shown,)))

    @action("poll-show")
    async def show(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._seen(ctx, poll_id)
        return Outcome(Reply((await self._card(ctx.t, poll, ctx.community),)))

    @command("poll results", N_("Show a poll's results"), public_flag="share")
    async def results(
        self,
        ctx: Context,
        poll: Annotated[str, poll_forms.POLL] = "",
        share: Annotated[bool, Param(N_("Answer for all to see: yes or no"))] = False,
    ) -> Outcome:
        return await self._results(ctx, await self._named(ctx, poll, closed=True), share=share)

    @action("poll-results")
    async def results_of(self, ctx: Context, poll_id: str) -> Outcome:
        return await self._results(ctx, await self._seen(ctx, poll_id), share=False)

    async def _results(self, ctx: Context, poll: Poll, *, share: bool) -> Outcome:
        if poll.state is State.CANCELLED:
            raise Refused(ctx.t("This poll was cancelled, so it has no result."))
        if not await self.polls.may_see_result(poll, ctx.request.actor):
            later = {
                Results.AT_CLOSE: ctx.t("The results of this poll are shown when it closes."),
                Results.AFTER_VOTE: ctx.t("The results so far are for those who have voted. Vote first."),
            }
            raise Refused(later.get(poll.results, ""))
        if share and poll.state is State.OPEN and poll.results is not Results.LIVE:
            raise Refused(ctx.t("The results of an open poll can be shared only where they are shown to all."))
        return Outcome(
            Reply(await self.result_cards(ctx.t, poll), visibility=Visibility.PUBLIC if share else Visibility.PRIVATE)
        )

    async def result_cards(self, t: Translator, poll: Poll) -> tuple[Card, ...]:
        """The result with its chart, and in a named poll who voted for what."""
        result = await self.polls.result(poll)
        image = chart(result, result.options, title=poll.question, t=t, final=poll.state is State.CLOSED)
        cards = (poll_cards.result_card(t, poll, result, image),)
        if poll.secret or not result.cast:
            return cards
        voters = await self.polls.named_votes(poll)
        lines = [(Plain(f"{name}: "), Plain(ballot_cards.ballot_line(poll, choice))) for name, choice in voters]
        return (*cards, Card(title=t("Who voted for what"), body=bullets(lines)))

    @command("poll receipt", N_("Check that your ballot is in the count"))
    async def receipt(
        self,
        ctx: Context,
        code: Annotated[str, Param(N_("The receipt's code; leave out to see your own"), rest=True, longest=80)] = "",
        poll: Annotated[str, poll_forms.POLL] = "",
    ) -> Outcome:
        if not code:
            return await self.mine(ctx, (await self._named(ctx, poll)).id)
        poll_id, bare = poll_forms.code_parts(code)
        found = await self._named(ctx, poll) if poll else await self._seen(ctx, poll_id)
        if found.state is State.CANCELLED:
            raise Refused(ctx.t("This poll was cancelled: its ballots were deleted, and nothing is counted."))
        receipt = await self.polls.receipt(found, bare)
        body = text(
            paragraph(Bold(found.question)),
            ctx.t(poll_cards.RECEIPTS[receipt]),
            ctx.t("A receipt never tells how somebody voted."),
        )
        tone = Tone.GOOD if receipt is Receipt.INCLUDED else Tone.CAUTION
        return Outcome(
            Reply((Card(title=ctx.t("Receipt"), body=body, tone=tone),)), found=receipt is not Receipt.UNKNOWN
        )

    @command("poll export", N_("Save a closed poll's ballots and audit record as files"))
    async def export(self, ctx: Context, poll: Annotated[str, poll_forms.POLL] = "") -> Outcome:
        found = await self._named(ctx, poll, closed=True)
        if found.state is not State.CLOSED:
            raise Refused(
                ctx.t("A poll can be exported once it is closed: before, an export could reveal how somebody voted.")
            )
        record = await self.polls.record(found)
        files = (
            Attachment(f"poll-{found.id}.csv", export.as_csv(record), "text/csv"),
            Attachment(f"poll-{found.id}.json", export.as_json(record), "application/json"),
        )
        said = ctx.t(
            "The ballots as a table, and everything that it takes to check the count. No file names a voter of a secret poll."
        )
        return Outcome(Reply((Card(title=ctx.t("Export of poll {id}", id=found.id), body=text(said)),), files=files))

    # --- hosts ---

    @command("poll extend", N_("Move a poll's close to later"))
    async def extend(
        self,
        ctx: Context,
        closes: Annotated[str, Param(poll_forms.CLOSES.description, rest=True, longest=60)],
        poll: Annotated[str, poll_forms.POLL] = "",
    ) -> Outcome:
        found = await self._named(ctx, poll, own=True)
        extended = await self.polls.extend(
            found, ctx.request.actor, ctx.community, poll_forms.closes_at(ctx, closes), ctx.request.now, ctx.t
        )
        when = poll_cards.when(extended, ctx.community.tz)
        body = text(paragraph(Bold(extended.question)), paragraph(ctx.t("It now closes "), when, "."))
        return Outcome(
            Reply((Card(title=ctx.t("The poll is extended"), body=body, tone=Tone.GOOD),)), refresh=(found.id,)
        )

    @command("poll post", N_("Post a poll once more: here, in another channel or community"))
    async def post(self, ctx: Context, poll: Annotated[str, poll_forms.POLL]) -> Outcome:
        found = await self.polls.get(poll_forms.typed_id(poll), ctx.t)
        await self.polls.must_post(found, ctx.request.actor, ctx.community, ctx.t)
        told = ctx.t("Whoever votes here counts in the same poll.")
        card = Card(title=ctx.t("The poll is posted here"), body=text(told), tone=Tone.GOOD)
        return Outcome(Reply((card,)), posts=(await self._copy(ctx, found),), refresh=(found.id,))

    @command("poll close", N_("Close a poll now and show its result"))
    async def close(self, ctx: Context, poll: Annotated[str, poll_forms.POLL] = "") -> Outcome:
        return ballot_cards.confirm(ctx.t, await self._named(ctx, poll, own=True), "poll-close")

    @command("poll cancel", N_("Cancel a poll without a result"))
    async def cancel(self, ctx: Context, poll: Annotated[str, poll_forms.POLL] = "") -> Outcome:
        return ballot_cards.confirm(ctx.t, await self._named(ctx, poll, own=True), "poll-cancel")

    @action("poll-close", replaces=True)
    async def close_confirmed(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._seen(ctx, poll_id)
        closed = await self.polls.close(poll, ctx.request.actor, ctx.community, ctx.request.now, ctx.t)
        return Outcome(Reply((await self._card(ctx.t, closed, ctx.community),)), refresh=(poll.id,), replace=True)

    @action("poll-cancel", replaces=True)
    async def cancel_confirmed(self, ctx: Context, poll_id: str) -> Outcome:
        poll = await self._seen(ctx, poll_id)
        await self.polls.cancel(poll, ctx.request.actor, ctx.community, ctx.request.now, ctx.t)
        card = Card(title=ctx.t("The poll is cancelled"), body=text(poll.question))
        return Outcome(Reply((card,)), refresh=(poll.id,), replace=True)

    # --- helpers ---

    async def _seen(self, ctx: Context, poll_id: str) -> Poll:
        return await self.polls.seen_by(poll_id, ctx.request.actor, ctx.t)

    async def _to_vote_in(self, ctx: Context, poll_id: str) -> Poll:
        return await self.polls.to_vote_in(poll_id, ctx.request.actor, ctx.request.now, ctx.t)

    async def _named(self, ctx: Context, typed: str, *, closed: bool = False, own: bool = False) -> Poll:
        """The poll with this id, or, where none is named, the only one that can be meant.

        `closed` looks at the latest of all polls, `own` at the open ones that this person may run.
        """
        poll_id = poll_forms.typed_id(typed)
        if poll_id:
            return await self._seen(ctx, poll_id)
        found = await self.polls.listed(ctx.community.id, only_open=not closed)
        if own and not ctx.moderates and found:
            found = [poll for poll in found if poll.creator == ctx.request.actor.id]
            if not found:
                raise NotAllowed(ctx.t("Only the poll's creator and the moderators of its community can do that."))
        if not found:
            raise NotFound(ctx.t("There is no poll here that this could mean. /poll list shows those there are."))
        if len(found) > 1 and not closed:
            ids = ", ".join(poll.id for poll in found[:10])
            raise Refused(ctx.t("Several polls are open. Say which one with poll: and its id: {ids}.", ids=ids))
        return found[0]

    def _pack(self, ctx: Context, topic: str) -> Pack:
        packs = self.shelf.current.library.packs
        wanted = topic or ctx.community.topic
        if wanted:
            found = packs.get(wanted) or next((p for p in packs.values() if p.info.title == wanted), None)
        else:
            found = next((pack for pack in packs.values() if any(pack.all(Option))), None)
        if found is None:
            raise NotFound(ctx.t("There is no topic “{topic}”. /topic lists them.", topic=wanted[:60]))
        return found

    async def complete_polls(self, ctx: Context, typed: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        wanted = typed.casefold()
        return [
            Choice(f"{poll.id} {poll.question}"[:100], poll.id)
            for poll in await self.polls.listed(ctx.community.id)
            if wanted in poll.id or wanted in poll.question.casefold()
        ]

    def topics(self, _ctx: Context, typed: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return topic_choices(self.shelf.current.library, typed)
