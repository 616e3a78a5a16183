"""Edit a poll before its first vote: its chain restarts. The ballot box runs this step of a unit of work."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.polls import posted_messages as messages
from bot.polls import repository as polls
from bot.polls.model import Poll, PollState
from bot.polls.poll_secrets import OpenSecrets
from bot.polls.vote_batch import checked_secret
from bot.store.sql import Transaction
from bot.store.timestamps import to_stored


async def write_edit(tx: Transaction, secrets: OpenSecrets, poll: Poll) -> bool:
    """Write question, options and rules of an open poll. Return False once it has a link.

    Raise `Unavailable`, and `Tampered` if the poll's row isn't as Parley wrote it.
    """
    locked = await tx.rows("lock_polls", ids=json.dumps([poll.id]))
    if not locked or locked[0]["state"] != PollState.OPEN or locked[0]["links"] > 0:
        return False
    secret = checked_secret(secrets, locked[0])
    edited_poll = replace(poll, first_closes_at=poll.closes_at)
    head = secret.format.opening(edited_poll)
    seal = secret.row_seal(poll.id, head, 0, 0, to_stored(poll.closes_at))
    await polls.rewrite(tx, replace(edited_poll, head=head, row_seal=seal))
    await messages.outdate(tx, poll.id)
    return True
