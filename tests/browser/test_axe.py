"""Tests that axe-core finds no fault on any page, in light and dark colours, wide and narrow."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

from tests.browser.conftest import watched
from tests.browser.scenes import SCENES, WINDOWS
from tests.browser.served import serving_polls
from tests.require import require
from tests.world import SHIPPED

PACKAGE = "axe_playwright_python"
"""The package that carries axe-core: https://github.com/dequelabs/axe-core."""
RUN = """async () => {
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
        `${id}: ${html.slice(0, 160)}: ${failureSummary}`));
}"""


def axe_script() -> str:
    """Return the script of axe-core, which the tests run in each page."""
    spec = find_spec(PACKAGE)
    require("browser", spec is not None, f"{PACKAGE} is not installed (make test)")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCENES)
async def test_axe_finds_nothing(name: str, context: BrowserContext, tmp_path: Path) -> None:
    """No page and no card breaks a rule of axe-core, wide or narrow, in light or dark colours."""
    async with serving_polls(tmp_path, content=SHIPPED) as hall, watched(context) as page:
        await page.goto(hall.url)
        await page.locator("#log[aria-live=polite]").wait_for(state="attached")
        await SCENES[name](page, hall)
        await page.evaluate(axe_script())
        for window_name in ("wide", "dark", "narrow", "narrow-dark"):
            window = WINDOWS[window_name]
            await page.set_viewport_size({"width": window.width, "height": window.height})
            await page.emulate_media(color_scheme="dark" if window.dark else "light", reduced_motion="reduce")
            assert await page.evaluate(RUN) == [], window_name
