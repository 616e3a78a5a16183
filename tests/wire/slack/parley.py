"""Start Parley as the command line does, with its calls redirected to a Slack on this machine.

    python -m tests.wire.slack.parley http://127.0.0.1:20444 run --port 8765

The first argument is the server's address; `parley` gets the rest.
"""

from __future__ import annotations

import sys
from typing import Any

from adapters.cli import main
from adapters.rehearsal.slack import slack_stage
from adapters.slack.app import SlackChat


def turned(address: str) -> None:
    """Redirect every call of the Web API to this address; sockets and response_urls follow from there."""
    stage: Any = slack_stage
    start: Any = SlackChat.__init__
    for function in (start, stage.__wrapped__):
        function.__kwdefaults__["base_url"] = f"{address}/api/"


if __name__ == "__main__":
    turned(sys.argv[1].rstrip("/"))
    main(sys.argv[2:])
