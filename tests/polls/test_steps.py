"""Each weekly job takes as many steps as docs/hosts.md says."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.chat.vocabulary import Form, Outcome, Reply, Request
from bot.instance import Instance
from tests.docs.documents import ROOT
from tests.hosting import choose, click, fill, form_of, newest
from tests.talk import ADA, BEN, CHEN, say, words
from tests.world import Clock

LINE = '/poll create question:"Which tea?" options:"Green | Black" closes:1d'


@dataclass(slots=True)
class Steps:
    """Counts the steps of one person: a line, a press, a pick and a form that is sent are one step each."""

    here: Instance
    who: Request = ADA
    count: int = field(default=0)

    async def say(self, line: str) -> Outcome:
        self.count += 1
        return await say(self.here, self.who, line)

    async def press(self, shown: Reply | Outcome, label: str) -> Outcome:
        self.count += 1
        return await click(self.here, self.who, shown, label)

    async def pick(self, shown: Outcome, label: str, option: str) -> Outcome:
        self.count += 1
        return await choose(self.here, self.who, shown, label, option)

    async def send(self, form: Form, **filled: str | tuple[str, ...]) -> Outcome:
        self.count += 1
        return await fill(self.here, self.who, form, **filled)


def documented() -> dict[str, str]:
    """Return each job in docs/hosts.md with the steps that it takes in Parley."""
    text = (ROOT / "docs" / "hosts.md").read_text("utf-8").partition("## Steps")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")][2:]
    return {row[0]: row[1] for row in rows}


async def test_each_job_takes_the_documented_steps(here: Instance, clock: Clock) -> None:
    """A host and members need as many steps for each job as the document says, and it has these jobs and no others."""
    counted: dict[str, list[int]] = {}

    whole, in_form = Steps(here), Steps(here)
    await whole.press(await whole.say(LINE), "Post")
    form = form_of(await in_form.say("/poll create"))
    await in_form.press(await in_form.send(form, question="Lunch?", options="Pizza\nSushi"), "Post")
    counted["Quick poll"] = [whole.count, in_form.count]

    poll, voter = newest(here), Steps(here, BEN)
    assert "Your vote is counted" in words(await voter.press(poll, "Pizza"))
    counted["Vote"] = [voter.count]

    host = Steps(here)
    assert "This poll is closed." in words(
        await host.press(await host.press(poll, "Manage"), "Close it and show the result")
    )
    counted["Close"] = [host.count]

    await here.scheduler.run_due()
    recorder = Steps(here)
    decision = form_of(await recorder.press(newest(here), "Record the decision"))
    assert "The decision is recorded" in words(await recorder.send(decision))
    counted["Record a decision"] = [recorder.count]

    clock.forward(days=20)
    finder = Steps(here, CHEN)
    listed = await finder.say("/decisions month:last-month")
    assert "Lunch? Winner: Pizza." in words(await finder.pick(listed, "Open a decision", "Lunch? Winner: Pizza."))
    counted["Find last month's"] = [finder.count]

    await say(here, ADA, '/poll create post:yes question:"Order?" options:"A | B | C | D" method:ranked')
    ranker = Steps(here, BEN)
    ballot = await ranker.press(newest(here), "Vote")
    for place, option in enumerate("ABCD", 1):
        ballot = await ranker.pick(ballot, f"Your choice number {place}", option)
    assert "Your vote is counted" in words(await ranker.press(ballot, "Cast this ballot"))
    counted["Rank four options"] = [ranker.count]

    weekly = Steps(here)
    when = form_of(await weekly.press(await weekly.say(LINE), "Schedule"))
    assert "every week" in words(await weekly.send(when, opens="monday 9:00", repeat=("weekly",)))
    counted["Repeat weekly"] = [weekly.count]

    assert {job: " or ".join(map(str, steps)) for job, steps in counted.items()} == documented()
