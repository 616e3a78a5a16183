"""These tests build the container image from the Dockerfile and run it as an operator would.

`make image-test` runs them. They need root, buildah and debootstrap, and the network for Debian's and Python's
packages: the base is a Debian made here, since the default one lies in a registry of images.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet

from tests.ports import free_port
from tests.require import require
from tests.transcripts.dialogue import play
from tests.transcripts.web_driver import WebDriver, drivers_at
from tests.waits import until

pytestmark = pytest.mark.image

ROOT = Path(__file__).parents[2]
USER = 10_001
"""The image's user, by number, who owns the volumes."""
BASE = "localhost/parley-test-base"
IMAGE = "localhost/parley-test"
SUITE = "bookworm"
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
LONG = 900.0
"""Seconds after which a step is given up."""
DRAIN = 10.0
"""Seconds within which a process must end after SIGTERM."""
POLL = '/poll create post:yes question:"Which tea?" options:"Oolong | Assam" closes:2h'
VOLUMES = ("data", "key")
"""Volumes of the database and of the key, apart so that no copy of one holds the other."""
WRITABLE = {"/data", "/key", "/tmp", "/run/lock", "/var/tmp"}
"""The only folders that the image's user may write to."""


def buildah(*arguments: str | Path, give: bytes | None = None) -> str:
    done = subprocess.run(
        ["buildah", *map(str, arguments)], input=give, capture_output=True, timeout=LONG, check=False, env=environment()
    )
    assert done.returncode == 0, done.stderr.decode()[-4000:] + done.stdout.decode()[-4000:]
    return done.stdout.decode().strip()


def environment() -> dict[str, str]:
    return {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs", "BUILDAH_LAYERS": "false"}


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build a Debian with Python in place of the default base, which trusts the same certificates as this machine."""
    programs = all(map(shutil.which, ("buildah", "debootstrap")))
    require("image", present=programs and os.geteuid() == 0, reason="it takes root, buildah and debootstrap")
    root = tmp_path_factory.mktemp("base") / "root"
    packages = "--include=ca-certificates,python3,python3-venv"
    debian = subprocess.run(
        ["debootstrap", "--variant=minbase", packages, SUITE, str(root)],
        check=False,
        timeout=LONG,
        stdout=subprocess.DEVNULL,
    )
    require("image", present=debian.returncode == 0, reason="no Debian could be made here for the image to stand on")
    shutil.copy(TRUSTED, root / TRUSTED.relative_to("/"))
    try:
        scratch = buildah("from", "scratch")
        buildah("add", "--quiet", scratch, root, "/")
        buildah("commit", "--quiet", "--rm", scratch, BASE)
        probe = buildah("from", BASE)
        buildah("run", probe, "--", "true")
        buildah("rm", probe)
    except AssertionError as error:
        require("image", present=False, reason=f"buildah can make and run no base here: {error}")
    shutil.rmtree(root)
    return BASE


@pytest.fixture(scope="session")
def image(base: str) -> Iterator[str]:
    buildah("build", "--quiet", "--format", "docker", "--build-arg", f"BASE={base}", "--tag", IMAGE, ROOT)
    yield IMAGE
    buildah("rmi", "--force", IMAGE, BASE)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the image. Its volumes are two folders of this machine, in `volume`."""

    name: str
    volume: Path
    config: dict[str, Any]
    mounts: tuple[str, ...] = ()

    def command(self, *arguments: str, **settings: str) -> list[str]:
        """Return the command that starts the image's program with these arguments, as an engine would."""
        run = ["buildah", "run", "--workingdir", self.config["WorkingDir"]]
        run += [*self.volumes, *(word for mount in self.mounts for word in ("--volume", mount))]
        for name, value in settings.items():
            run += ["--env", f"{name}={value}"]
        return [*run, self.name, "--", *self.config["Entrypoint"], *(arguments or self.config["Cmd"])]

    @property
    def volumes(self) -> list[str]:
        return [word for name in VOLUMES for word in ("--volume", f"{self.volume / name}:/{name}")]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self.command(*arguments), capture_output=True, timeout=LONG, check=True, env=environment(), text=True
        )
        return done.stdout

    def shell(self, line: str) -> str:
        return buildah("run", *self.volumes, self.name, "--", "sh", "-c", line)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return a folder with the volumes, each of which belongs to the image's user, as an engine makes them."""
    folder = tmp_path / "volume"
    for name in VOLUMES:
        (folder / name).mkdir(mode=0o700, parents=True)
        os.chown(folder / name, USER, USER)
    return folder


@pytest.fixture
def container(image: str, volume: Path) -> Iterator[Container]:
    with new_container(image, volume) as container:
        yield container


@contextmanager
def new_container(image: str, volume: Path) -> Iterator[Container]:
    """Make a container over the volumes, and remove it at the end."""
    name = buildah("from", image)
    try:
        config = json.loads(buildah("inspect", name))["Docker"]["config"]
        for each in VOLUMES:  # else the container would get volumes of its own in place of ours
            buildah("config", "--volume", f"/{each}-", name)
        yield Container(name, volume, config)
    finally:
        buildah("rm", name)


@contextmanager
def started(container: Container, **settings: str) -> Iterator[tuple[str, str]]:
    """Run the image's own command, yield the addresses of its chat page and health, and end it as an engine does."""
    page, health = free_port(), free_port()
    command = container.command(PARLEY_PORT=str(page), PARLEY_HEALTH_BIND=str(health), **settings)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), text=True)
    assert process.stdout is not None
    try:
        assert "Parley is ready" in process.stdout.readline()
        yield f"http://127.0.0.1:{page}/", f"http://127.0.0.1:{health}/"
        signal_at = time.monotonic()
        inside = processes(f"PARLEY_PORT={page}")
        assert inside
        for child in inside:
            os.kill(child, signal.SIGTERM)
        assert process.wait(timeout=LONG) == 0
        assert time.monotonic() - signal_at < DRAIN
    finally:
        for child in processes(f"PARLEY_PORT={page}"):  # these would outlive the process that started them
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.communicate()


def processes(setting: str) -> list[int]:
    """Return this machine's ids of the program's processes that were given this setting."""
    programs = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                settings = (entry / "environ").read_bytes().split(b"\0")
                if b"/opt/parley/bin/parley" in words[:2] and setting.encode() in settings:
                    programs.append(int(entry.name))
    return programs


async def well(address: str) -> bool:
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status == 200


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def wait_for_words(driver: WebDriver, words: str) -> None:
    """Wait until the page shows these words, as an open poll does soon after a start."""

    async def is_shown() -> bool:
        return words in (await driver.look()).public

    await until(is_shown, LONG)


async def test_it_answers_votes_stops_and_goes_on(image: str, volume: Path) -> None:
    """A container answers, counts a vote and ends within ten seconds of SIGTERM, and its volumes keep the vote."""
    with new_container(image, volume) as first, started(first) as (page, health):
        assert await well(f"{health}readyz")
        async with drivers_at(page) as members:
            await play(members["Ada"], [("/fact insurrection act", "Claim of fact"), (POLL, "for all: Which tea?")])
            await play(members["Ben"], [("press Oolong", "for you: Your vote is counted")])
    with new_container(image, volume) as second, started(second) as (page, health):
        assert await well(f"{health}healthz")
        async with drivers_at(page) as members:
            await wait_for_words(members["Ben"], "[My vote]")
            await play(members["Ben"], [("press My vote", "for you: Oolong")])
    assert "parley.db" in names_in(volume / "data")
    assert names_in(volume / "key") == {"parley.key"}


async def test_a_key_that_is_mounted_read_only_is_taken_as_it_is(container: Container, tmp_path: Path) -> None:
    """A container takes a key that is mounted read-only as it is, and makes none of its own."""
    secret = tmp_path / "parley.key"
    secret.write_bytes(Fernet.generate_key())
    secret.chmod(0o444)
    mounted = replace(container, mounts=(f"{secret}:/run/secrets/parley.key:ro",))
    with started(mounted, PARLEY_KEY_FILE="/run/secrets/parley.key") as (page, _):
        async with drivers_at(page) as members:
            await play(members["Ada"], [(POLL, "for all: Which tea?")])
    assert names_in(container.volume / "key") == set()


def test_it_runs_as_nobody_in_particular(container: Container) -> None:
    """The image's user is not root, and may write only to the volumes and to folders for temporary files."""
    assert container.shell("id --user") == str(USER)
    find = "find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*' -not -path '/data/*' -not -path '/key/*' 2>/dev/null"
    assert set(container.shell(f"{find} || true").splitlines()) <= WRITABLE


def test_the_image_says_how_it_is_run(container: Container) -> None:
    """The image declares its program, stop signal, volumes, user and health check."""
    config = container.config
    assert (config["Entrypoint"], config["Cmd"], config["User"]) == (["parley"], ["run"], "parley")
    assert (config["StopSignal"], set(config["Volumes"])) == ("SIGTERM", {"/data", "/key"})
    assert "/healthz" in " ".join(config["Healthcheck"]["Test"])


def test_only_what_runs_is_in_the_image(container: Container) -> None:
    """The program in the image answers, and neither pip nor the source that built it is left."""
    assert "Mexico" in container.run("ask", "--plain", "/topic")
    assert container.run("--version").startswith("parley, version ")
    assert container.shell("ls /opt/parley/bin/pip* /src 2>/dev/null || echo nothing") == "nothing"
