"""The settings of an instance, and Parley's messages about the ones that it can't use."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.cli.config import settings_lines
from bot.errors import UsageError
from bot.settings.model import SECRETS, Address, Settings, Shards, without_password
from bot.settings.sources import FROM_FILES, LoadedSettings, load, load_settings


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
    """An address setting with a port alone uses the host in `PARLEY_BIND`. One with `host:port` uses its own host."""
    settings = Settings(bind=bind, health_bind=health)
    assert settings.address(settings.health_bind) == address


def test_what_names_no_port_is_served_nowhere() -> None:
    """Parley opens no port for an address setting that isn't set, even if `bind` is."""
    settings = Settings(bind="0.0.0.0")
    assert not any(map(settings.address, (settings.health_bind, settings.public_bind, settings.slack_bind)))


@pytest.mark.parametrize("name", ["health_bind", "public_bind", "slack_bind"])
@pytest.mark.parametrize("written", [":8080", "host", "host:", "host:0", "host:65536", "host:x", "host:٣", "0", "-1"])
def test_a_wrong_address_is_told_with_its_setting(name: str, written: str) -> None:
    """Parley refuses a wrong address, repeats it, names its setting and says how to write it."""
    with pytest.raises(UsageError, match=f"PARLEY_{name.upper()}.*“{written}”.*write a port"):
        load_settings(**{name: written})


@pytest.mark.parametrize("written", ["0.0.0.0:80", "http://0.0.0.0", "[]"])
def test_a_wrong_machine_is_told(written: str) -> None:
    """`PARLEY_BIND` takes an address without a port. Parley refuses anything else."""
    with pytest.raises(UsageError, match=r"PARLEY_BIND.*without a port"):
        load_settings(bind=written)


@pytest.mark.parametrize(
    "written", ["x", "0", "-1", "2-1/4", "4/4", "0-4/4", "/", "1/", "a/2", "-1/4", "0-9999999999/9999999999"]
)
def test_shards_that_mean_nothing_stop_the_start(tmp_path: Path, written: str) -> None:
    """A wrong `PARLEY_DISCORD_SHARDS` stops the start, and Parley says how to write it.

    It refuses a range of billions as well.
    """
    (mistake,) = mistakes_in(tmp_path, PARLEY_DISCORD_SHARDS=written)
    assert mistake.startswith(
        f"PARLEY_DISCORD_SHARDS, in the environment, is wrong: “{written}” doesn't name connections"
    )
    assert "0-1/4" in mistake


@pytest.mark.parametrize(
    ("written", "shards"), [("auto", (None, ())), ("4", (4, ())), ("1/4", (4, (1,))), ("0-1/4", (4, (0, 1)))]
)
def test_a_setting_of_shards(written: str, shards: tuple[int | None, tuple[int, ...]]) -> None:
    """`PARLEY_DISCORD_SHARDS` can be `auto`, a number of shards, one shard or a range of them.

    An empty value means none.
    """
    assert Shards.of(written) == Shards(*shards)
    assert Shards.of("") is None


@pytest.mark.parametrize("written", ["mysql://ada:marked@db/parley", "sqlite:///"])
def test_a_database_of_another_kind_stops_the_start(tmp_path: Path, written: str) -> None:
    """A database of another kind stops the start. Parley names the setting and its source, without the password."""
    (mistake,) = mistakes_in(tmp_path, PARLEY_DATABASE=written)
    assert mistake.startswith("PARLEY_DATABASE, in the environment, is wrong: ")
    assert "sqlite:///" in mistake
    assert "marked" not in mistake


def test_packs_that_are_not_there_stop_the_start(tmp_path: Path) -> None:
    """A folder of packs that doesn't exist stops the start, and Parley names the setting and its source."""
    (mistake,) = mistakes_in(tmp_path, f'content = "{tmp_path}/pakcs"\n')
    assert mistake.startswith("content, in parley.toml, line 1 (PARLEY_CONTENT), is wrong: “pakcs” isn't a folder")


def test_an_address_reads_as_it_is_written() -> None:
    """Parley writes an IPv6 address in brackets, as browsers need it."""
    assert [str(Address("::1", 80)), str(Address("127.0.0.1", 80))] == ["[::1]:80", "127.0.0.1:80"]


def loaded(folder: Path, toml: str = "", **environ: str) -> LoadedSettings:
    """Load settings from this environment and this parley.toml alone."""
    file = folder / "parley.toml"
    if toml:
        file.write_text(toml, encoding="utf-8")
    return load({}, environ, file)


def mistakes_in(folder: Path, toml: str = "", **environ: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        loaded(folder, toml, **environ)
    return caught.value.message.replace(f"{folder}/", "").splitlines()


def test_an_earlier_source_wins(tmp_path: Path) -> None:
    """The command line wins over the environment, which wins over parley.toml, which wins over the default.

    Each value knows its source.
    """
    file = tmp_path / "parley.toml"
    file.write_text('zone = "Europe/Berlin"\nport = 1000\nlanguage = "de"\n')
    both = load(
        {"port": 3000, "content": None}, {"PARLEY_PORT": "2000", "PARLEY_LANGUAGE": "fr", "PARLEY_BIND": ""}, file
    )
    settings = both.settings
    assert (settings.port, settings.language, settings.zone, settings.bind) == (
        3000,
        "fr",
        "Europe/Berlin",
        "127.0.0.1",
    )
    origins = {name: str(source).replace(f"{tmp_path}/", "") for name, source in both.origins.items()}
    assert origins == {
        "port": "--port, on the command line",
        "language": "PARLEY_LANGUAGE, in the environment",
        "zone": "zone, in parley.toml, line 1",
    }


@pytest.mark.parametrize(
    ("variable", "guess"),
    [
        ("PARLEY_DISCORD_TOKEM", "PARLEY_DISCORD_TOKEN"),
        ("PARLEY_DATABASE_URL", "PARLEY_DATABASE"),
        ("PARLEY_SLACK_TOKEN", "PARLEY_SLACK_"),
        ("parley_port", "PARLEY_PORT"),
        ("PARLEY_DISCORD_TOKEN_FILES", "PARLEY_DISCORD_TOKEN_FILE"),
    ],
)
def test_an_unknown_variable_stops_the_start_with_a_guess(tmp_path: Path, variable: str, guess: str) -> None:
    """An unknown `PARLEY_` variable stops the start, and Parley guesses the right name.

    A misspelt token must not leave a platform silent.
    """
    mistakes = mistakes_in(tmp_path, **{variable: "abc"})
    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"{variable}, in the environment, isn't a setting. Did you mean {guess}")
    assert mistakes[0].endswith("Rename it or unset it.")


def test_a_variable_that_is_nothing_like_a_setting_leads_to_the_reference(tmp_path: Path) -> None:
    """For a variable that resembles no setting, Parley refers to the list of all settings."""
    assert "docs/configuration.md" in mistakes_in(tmp_path, PARLEY_XYZZY="1")[0]


def test_variables_of_others_are_let_be(tmp_path: Path) -> None:
    """Parley ignores the variables of its tests and all that don't begin with `PARLEY_`."""
    assert not loaded(tmp_path, PARLEY_TEST_REQUIRE="x", PARLEY_GOLDEN="write", PARLEYS="1", PORT="x").origins


@pytest.mark.parametrize("variable", ["PARLEY_SERVICE_HOST", "PARLEY_PORT_8765_TCP_ADDR", "PARLEY_SERVICE_PORT_HTTP"])
def test_variables_that_kubernetes_makes_are_explained(tmp_path: Path, variable: str) -> None:
    """A Kubernetes service called parley sets variables that look like settings.

    Parley then says to switch them off with `enableServiceLinks: false`.
    """
    assert "enableServiceLinks: false" in mistakes_in(tmp_path, **{variable: "10.0.0.1"})[0]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Parley reports all wrong settings at once, each with its name, its source and its meaning."""
    mistakes = mistakes_in(tmp_path, 'colour = "red"\n\nzone = "Mars"\n', PARLEY_PORT="soon", PARLEY_PROT="1")
    assert [line.partition(", is")[0] for line in mistakes] == [
        "PARLEY_PROT, in the environment",
        "colour, in parley.toml, line 1",
        "PARLEY_PORT, in the environment",
        "zone, in parley.toml, line 3 (PARLEY_ZONE)",
    ]
    assert mistakes[3].endswith(
        "“Mars” isn't a time zone. It is: Time zone of communities without one of their own, such as Europe/Berlin."
    )


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """If a setting's value isn't UTF-8 or holds a NUL character, Parley names the setting and not the value."""
    mistakes = mistakes_in(
        tmp_path, PARLEY_ZONE="Mars\udcff", PARLEY_COLOUR="\udcff", PARLEY_DISCORD_TOKEN_FILE="\udcff"
    )
    assert mistakes == [
        f"PARLEY_{name}, in the environment, isn't text. Write it again, or unset it."
        for name in ("ZONE", "COLOUR", "DISCORD_TOKEN_FILE")
    ]
    mistakes = mistakes_in(tmp_path, 'content = "a\\u0000b"\n')
    assert mistakes == ["content, in parley.toml, line 1, holds a NUL character. Write it again, or remove it."]


def test_a_file_that_is_nested_too_deep_is_told(tmp_path: Path) -> None:
    """Parley refuses a parley.toml that is nested too deep, with a message instead of a crash."""
    assert mistakes_in(tmp_path, "a = " + "[" * 20_000) == [
        "parley.toml can't be read: it's nested too deep. Fix it, or remove it to do without."
    ]


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('port = "soon"', "write a whole number"),
        ("port = 8765.5", "write a whole number"),
        ("port = 0", "write 1 or more"),
        ("port = 65536", "write 65535 or less"),
        ('log_level = "LOUD"', "write 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ('content_watch = "always"', "write 'events', 'poll' or 'off'"),
        ("discord_shards = 2", "write text, in quotation marks in parley.toml"),
    ],
)
def test_what_is_wrong_is_told_in_plain_words(tmp_path: Path, toml: str, says: str) -> None:
    """For a wrong value, Parley says in plain words what to write instead and what the setting is."""
    (mistake,) = mistakes_in(tmp_path, toml)
    assert f"is wrong: {says}. It is: " in mistake


@pytest.mark.parametrize(
    ("toml", "reason"), [("port = ", "end of document"), ("port = x\n", "line 1"), ("port = 1\n[a\n", "line 2")]
)
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, toml: str, reason: str) -> None:
    """If parley.toml isn't valid TOML, Parley says so and names the place."""
    mistakes = mistakes_in(tmp_path, toml)
    assert mistakes[0].startswith("parley.toml can't be read: ")
    assert reason in mistakes[0]


@pytest.mark.parametrize("name", sorted(FROM_FILES))
def test_a_secret_is_read_from_its_file(tmp_path: Path, name: str) -> None:
    """A secret can come from a file, which `PARLEY_…_FILE` or parley.toml names.

    Parley drops the line's end and remembers the file as the source.
    """
    secret = tmp_path / "secret"
    secret.write_text("postgresql://ada:marked@db/parley\n")
    for environ in ({f"PARLEY_{name.upper()}_FILE": str(secret)}, None):
        both = loaded(tmp_path, **environ) if environ else loaded(tmp_path, f'{name}_file = "{secret}"\n')
        value = getattr(both.settings, name)
        assert (value if isinstance(value, str) else value.get_secret_value()) == "postgresql://ada:marked@db/parley"
        assert str(secret) in str(both.origins[name])


def test_a_secret_s_file_that_is_of_no_use_is_told(tmp_path: Path) -> None:
    """Parley refuses a secret's file that is missing, empty or no text, and a secret that is set both directly and by
    file. The message never holds the secret."""
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")
    for name, reason in (("missing", "No such file"), ("empty", "is empty"), ("picture", "it isn't text")):
        mistakes = mistakes_in(tmp_path, PARLEY_DISCORD_TOKEN_FILE=str(tmp_path / name))
        assert mistakes[0].startswith("PARLEY_DISCORD_TOKEN_FILE, in the environment, names ")
        assert reason in mistakes[0]
    mistakes = mistakes_in(tmp_path, PARLEY_DISCORD_TOKEN="marked", PARLEY_DISCORD_TOKEN_FILE="token")
    assert mistakes == [
        "PARLEY_DISCORD_TOKEN and PARLEY_DISCORD_TOKEN_FILE, in the environment, are both set. Unset one of them."
    ]


@pytest.mark.parametrize("name", [*sorted(SECRETS), "database"])
def test_a_secret_in_parley_toml_is_refused(tmp_path: Path, name: str) -> None:
    """Parley refuses a secret in parley.toml and says where it belongs, without repeating it."""
    mistakes = mistakes_in(tmp_path, f'port = 1\n{name} = "postgresql://ada:marked@db/parley"\n')
    assert mistakes[0].startswith(f"{name}, in parley.toml, line 2, is a secret")
    assert f"Set PARLEY_{name.upper()}, or PARLEY_{name.upper()}_FILE to" in mistakes[0]
    assert "marked" not in "".join(mistakes)


def test_an_address_without_a_password_may_be_in_parley_toml(tmp_path: Path) -> None:
    """A database address without a password may stand in parley.toml, since it is no secret."""
    assert (
        loaded(tmp_path, 'database = "postgresql://ada@db/parley"\n').settings.database == "postgresql://ada@db/parley"
    )


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("parley.db", "parley.db"),
        ("sqlite:////data/a:b@c.db", "sqlite:////data/a:b@c.db"),
        ("postgresql://db/parley", "postgresql://db/parley"),
        ("postgresql://ada@db/parley?sslmode=require", "postgresql://ada@db/parley?sslmode=require"),
        ("postgresql://ada:marked@db:5432/parley", "postgresql://••••@db:5432/parley"),
        ("postgresql://ada:mar@ked/1@db/parley", "postgresql://••••@db/parley"),
        ("postgresql://db/parley?user=ada&password=marked", "postgresql://••••@db/parley"),
        ("postgresql://ada:marked@db/parley?sslpassword=marked", "postgresql://••••@db/parley"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, masked: str) -> None:
    """Parley masks the password in a database address, in each way of writing it."""
    assert without_password(address) == masked


def test_settings_are_shown_with_their_sources_and_without_secrets(tmp_path: Path) -> None:
    """`parley config` shows each setting on one line with its value and source, and masks the secrets."""
    (tmp_path / "token").write_text("marked\n")
    both = loaded(
        tmp_path,
        "port = 1000\n",
        PARLEY_DISCORD_TOKEN_FILE=str(tmp_path / "token"),
        PARLEY_KEY="marked",
        PARLEY_DATABASE="postgresql://ada:marked@db/parley",
    )
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in settings_lines(both)}
    assert set(lines) == set(Settings.model_fields)
    assert lines["port"] == f"1000 port, in {tmp_path}/parley.toml, line 1"
    assert lines["zone"] == "UTC the default"
    assert lines["discord_token"].startswith("•••• PARLEY_DISCORD_TOKEN_FILE, in the environment: the file ")
    assert lines["database"] == "postgresql://••••@db/parley PARLEY_DATABASE, in the environment"
    assert "marked" not in "".join(lines.values())
    assert "marked" not in repr(both)
