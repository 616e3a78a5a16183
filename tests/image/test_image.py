"""The container image, built from the Dockerfile and run, as an operator would see it.

`make image-test` runs these. They take root, buildah and debootstrap, and the network for Debian's and Python's
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
"""Who owns the volume: the image's user, by number."""
BASE = "localhost/parley-test-base"
IMAGE = "localhost/parley-test"
SUITE = "bookworm"
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
LONG = 900.0
"""Seconds after which a step is given up."""
DRAIN = 10.0
"""Seconds in which a process that is told to stop has stopped."""
POLL = '/poll create post:yes question:"Which tea?" options:"Oolong | Assam" closes:2h'
VOLUMES = ("data", "key")
"""Of database and key: apart, so that no copy of one holds the other."""
WRITABLE = {"/data", "/key", "/tmp", "/run/lock", "/var/tmp"}
"""Where alone its user may write."""


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
    """A Debian with Python, in the place of the default base, that trusts whom this machine trusts."""
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
    """One that was made of the image, with two folders of this machine, in `volume`, as its volumes."""

    name: str
    volume: Path
    config: dict[str, Any]
    mounts: tuple[str, ...] = ()

    def command(self, *arguments: str, **settings: str) -> list[str]:
        """What starts the image's program with these arguments, as an engine would."""
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
    """The folder of the volumes, each of which belongs to the image's user, as an engine makes it."""
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
    """A new container over the volume."""
    name = buildah("from", image)
    try:
        config = json.loads(buildah("inspect", name))["Docker"]["config"]
        for each in VOLUMES:  # else it would get volumes of its own in the place of ours
            buildah("config", "--volume", f"/{each}-", name)
        yield Container(name, volume, config)
    finally:
        buildah("rm", name)


@contextmanager
def started(container: Container, **settings: str) -> Iterator[tuple[str, str]]:
    """Runs the image's own command and gives the addresses of its chat page and its health; ends it as an engine does."""
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
        for child in processes(f"PARLEY_PORT={page}"):  # which would outlive the one that started it
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.communicate()


def processes(setting: str) -> list[int]:
    """The program's processes that were given this setting, as this machine numbers them."""
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
    """Waits until the page shows this, as an open poll does soon after a start."""

    async def is_shown() -> bool:
        return words in (await driver.look()).public

    await until(is_shown, LONG)


async def test_it_answers_votes_stops_and_goes_on(image: str, volume: Path) -> None:
    """A question is answered, a vote is taken, SIGTERM ends it in time; a new container on the volume has the vote."""
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
    """Secrets of an engine are files of another user, readable by all in the container, and can't be changed."""
    secret = tmp_path / "parley.key"
    secret.write_bytes(Fernet.generate_key())
    secret.chmod(0o444)
    mounted = replace(container, mounts=(f"{secret}:/run/secrets/parley.key:ro",))
    with started(mounted, PARLEY_KEY_FILE="/run/secrets/parley.key") as (page, _):
        async with drivers_at(page) as members:
            await play(members["Ada"], [(POLL, "for all: Which tea?")])
    assert names_in(container.volume / "key") == set()


def test_it_runs_as_nobody_in_particular(container: Container) -> None:
    """Its user is not root and may write to the volume alone, so that all else may be read-only."""
    assert container.shell("id --user") == str(USER)
    find = "find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*' -not -path '/data/*' -not -path '/key/*' 2>/dev/null"
    assert set(container.shell(f"{find} || true").splitlines()) <= WRITABLE


def test_the_image_says_how_it_is_run(container: Container) -> None:
    """Its program, signal, volume, user and health check are part of the image."""
    config = container.config
    assert (config["Entrypoint"], config["Cmd"], config["User"]) == (["parley"], ["run"], "parley")
    assert (config["StopSignal"], set(config["Volumes"])) == ("SIGTERM", {"/data", "/key"})
    assert "/healthz" in " ".join(config["Healthcheck"]["Test"])


def test_only_what_runs_is_in_the_image(container: Container) -> None:
    """The program answers, and what built it is gone."""
    assert "Mexico" in container.run("ask", "--plain", "/topic")
    assert container.run("--version").startswith("parley, version ")
    assert container.shell("ls /opt/parley/bin/pip* /src 2>/dev/null || echo nothing") == "nothing"
