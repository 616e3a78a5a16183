"""Files and pictures on Slack, which accepts them at once and processes them later.

https://docs.slack.dev/messaging/working-with-files
"""

from __future__ import annotations

import asyncio
import logging

from slack_sdk.errors import SlackClientError

from adapters.slack.web import WebApi
from bot.charts import png_async
from bot.chat.markup import clean, shorten
from bot.chat.vocabulary import Attachment, Image
from bot.errors import BotError

ALT_MAX = 1000
LOOKS = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 4.0)
"""Seconds between checks whether Slack has processed a file: ten in all."""

logger = logging.getLogger("parley.slack")


async def upload_picture(web: WebApi, image: Image) -> str:
    """Upload a picture and return its file id; empty if Slack refuses it, since the message has its words anyway."""
    try:
        return await _upload(
            web, f"{image.name}.png", await png_async(image.svg), alt=shorten(clean(image.alt), ALT_MAX)
        )
    except (BotError, SlackClientError) as error:
        logger.warning("can't upload a picture: %s", type(error).__name__)
        return ""


async def is_ready(web: WebApi, file: str) -> bool:
    """Wait until Slack has processed the file, for ten seconds at most. Return False if it hasn't."""
    for pause in LOOKS:
        await asyncio.sleep(pause)
        try:
            info = await web.call("files_info", file=file)
        except (BotError, SlackClientError) as error:
            logger.warning("can't check a file: %s", type(error).__name__)
            return False
        if info["file"].get("mimetype"):
            return True
    logger.warning("Slack didn't process a file in time")
    return False


async def send_file(web: WebApi, file: Attachment, channel: str, thread: str = "") -> None:
    """Send a file to a channel or a thread. Raises what `WebApi.call` raises."""
    await _upload(web, file.name, file.content.encode(), channel=channel, thread=thread)


async def _upload(web: WebApi, name: str, content: bytes, *, alt: str = "", channel: str = "", thread: str = "") -> str:
    upload = await web.call(
        "files_upload_v2",
        filename=name,
        title=name,
        content=content,
        alt_txt=alt or None,
        channel=channel or None,
        thread_ts=thread or None,
    )
    return str(upload["files"][0]["id"])
