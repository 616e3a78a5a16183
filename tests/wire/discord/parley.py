"""Start Parley as the command line does, with its calls redirected to a Discord on this machine.

    python -m tests.wire.discord.parley http://127.0.0.1:20443 run --port 8765

The first argument is the server's address; `parley` gets the rest.
"""

from __future__ import annotations

import sys

from adapters.cli import main
from tests.wire.discord.pointing import point


def turned(address: str) -> None:
    """Redirect every call of discord.py to this address, such as `http://127.0.0.1:20443`."""
    point(f"{address}/api/v10", f"ws{address.removeprefix('http')}/gateway/")


if __name__ == "__main__":
    turned(sys.argv[1].rstrip("/"))
    main(sys.argv[2:])
