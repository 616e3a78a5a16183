"""What an instance is told, and what it says to what it can't use."""

from __future__ import annotations

import pytest

from bot.config import Address, Settings, load_settings
from bot.errors import UsageError


@pytest.mark.parametrize(
    ("bind", "health", "address"),
    [
        ("127.0.0.1", "8766", ("127.0.0.1", 8766)),
        ("0.0.0.0", "8766", ("0.0.0.0", 8766)),
        ("0.0.0.0", "127.0.0.1:8766", ("127.0.0.1", 8766)),
        ("::", "80", ("::", 80)),
        ("[::1]", "80", ("::1", 80)),
        ("0.0.0.0", "[::1]:80", ("::1", 80)),
        ("localhost", "parley.internal:9", ("parley.internal", 9)),
    ],
)
def test_a_port_alone_is_served_where_bind_says(bind: str, health: str, address: tuple[str, int]) -> None:
    """`PARLEY_BIND` opens what names only a port; `host:port` decides for itself."""
    settings = Settings(bind=bind, health_bind=health)
    assert settings.address(settings.health_bind) == address


def test_what_names_no_port_is_served_nowhere() -> None:
    """Nothing is opened that wasn't asked for, whatever `bind` says."""
    settings = Settings(bind="0.0.0.0")
    assert not any(map(settings.address, (settings.health_bind, settings.public_bind, settings.slack_bind)))


@pytest.mark.parametrize("name", ["health_bind", "public_bind", "slack_bind"])
@pytest.mark.parametrize("written", [":8080", "host", "host:", "host:0", "host:65536", "host:x", "host:٣", "0", "-1"])
def test_a_wrong_address_is_told_with_its_setting(name: str, written: str) -> None:
    """The sentence shows what was written, which setting it is, and how to write it."""
    with pytest.raises(UsageError, match=f"PARLEY_{name.upper()}.*“{written}”.*write a port"):
        load_settings(**{name: written})


@pytest.mark.parametrize("written", ["0.0.0.0:80", "http://0.0.0.0", "[]"])
def test_a_wrong_machine_is_told(written: str) -> None:
    """`bind` is an address without a port."""
    with pytest.raises(UsageError, match=r"PARLEY_BIND.*without a port"):
        load_settings(bind=written)


def test_an_address_reads_as_it_is_written() -> None:
    """IPv6 in brackets, as browsers want it."""
    assert [str(Address("::1", 80)), str(Address("127.0.0.1", 80))] == ["[::1]:80", "127.0.0.1:80"]
