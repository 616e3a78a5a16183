"""Tests that the files shipped for operators fit the program: containers, compose files, the systemd unit."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import DEVNULL
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.http.health import Health
from adapters.http.prometheus import Metrics
from bot.settings.model import Address, Settings
from bot.settings.sources import FROM_FILES, variable
from tests.ports import free_port
from tests.require import require
from tests.world import running

ROOT = Path(__file__).parents[2]
COMPOSE = [ROOT / "compose.yaml", ROOT / "deploy/compose.postgres.yaml"]
UNIT = ROOT / "deploy/parley.service"
VARIABLES = {variable(name) for name in Settings.model_fields} | {variable(f"{name}_file") for name in FROM_FILES}


def services(file: Path) -> dict[str, Any]:
    by_name: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["services"]
    return by_name


def ours(file: Path) -> dict[str, Any]:
    """Return the services that are made of our image."""
    return {name: service for name, service in services(file).items() if service["image"] == "parley"}


def variables_set(text: str) -> set[str]:
    """Return the variables of settings that a file sets."""
    return set(re.findall(r"\bPARLEY_[A-Z_]+\b", text))


@pytest.mark.parametrize("file", [*COMPOSE, UNIT, ROOT / "Dockerfile"], ids=lambda path: path.name)
def test_every_variable_is_a_setting(file: Path) -> None:
    """Every `PARLEY_` variable in a shipped file is a setting, since a misspelt one would stop the start."""
    used = variables_set(file.read_text(encoding="utf-8"))
    assert used
    assert used <= VARIABLES


@pytest.mark.parametrize("file", COMPOSE, ids=lambda path: path.name)
def test_containers_can_do_no_more_than_they_need(file: Path) -> None:
    """Our containers have a read-only root, no capability, no new privileges from a setuid program, and more than 10
    seconds to drain at a stop."""
    for service in ours(file).values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert int(service["stop_grace_period"].rstrip("s")) > 10


@pytest.mark.parametrize("file", COMPOSE, ids=lambda path: path.name)
def test_a_service_has_bounds(file: Path) -> None:
    """Each service has bounds on memory, open files and its log, so that a flood fills neither the machine's memory nor
    its disk."""
    for name, service in services(file).items():
        options = service["logging"]["options"]
        assert {"max-size", "max-file"} <= options.keys(), name
        assert service["mem_limit"], name
        assert service["ulimits"]["nofile"] >= 1024, name


def test_the_unit_has_bounds() -> None:
    """The systemd unit has bounds on memory, tasks and open files. The journal bounds the log by itself."""
    settings = dict(re.findall(r"^(\w+)=(\S+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE))
    assert int(settings["LimitNOFILE"]) >= 1024
    assert {"MemoryHigh", "MemoryMax", "TasksMax"} <= settings.keys()


def test_the_proxy_slows_who_sends_too_much() -> None:
    """The proxy limits the requests and connections of one address and the connections of all, answers what is too much
    with 429, and cuts off heads and bodies that never end."""
    text = COMPOSE[1].read_text(encoding="utf-8")
    content = yaml.safe_load(text)["configs"]["proxy"]["content"].replace("$$", "$")
    zones = dict(re.findall(r"limit_(req|conn)_zone \$binary_remote_addr zone=(\w+):", content))
    inside = content.partition("server {")[2]
    assert re.search(rf"limit_req zone={zones['req']} ", inside)
    assert re.search(rf"limit_conn {zones['conn']} \d+;", inside)
    of_all = re.search(r"limit_conn_zone \$server_port zone=(\w+):", content)
    assert of_all is not None
    assert re.search(rf"limit_conn {of_all[1]} \d+;", inside)
    for limit in ("limit_req_status", "limit_conn_status"):
        assert f"{limit} 429;" in content
    for part in ("header", "body"):
        assert re.search(rf"client_{part}_timeout \d+s;", inside)


def test_key_and_database_lie_apart() -> None:
    """The key and the database each have their own volume in the image and in the compose file, and their own folder
    under systemd."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    folders = [str(Path(path).parent) for path in re.findall(r"PARLEY_(?:DATABASE|KEY_FILE)=(\S+)", image)]
    assert sorted(folders) == json.loads(image.partition("\nVOLUME ")[2].splitlines()[0]) == ["/data", "/key"]
    mounts = dict(mount.split(":") for mount in services(COMPOSE[0])["parley"]["volumes"])
    assert sorted(mounts.values()) == ["/data", "/key"]
    unit = UNIT.read_text(encoding="utf-8")
    state = re.search(r"^StateDirectory=(.*)$", unit, re.MULTILINE)
    places = [Path(path).parent.name for path in re.findall(r"PARLEY_(?:DATABASE|KEY_FILE)=%S/(\S+)", unit)]
    assert state is not None
    assert sorted(places) == sorted(state[1].split())


def test_the_base_of_the_image_can_be_pinned() -> None:
    """The argument BASE pins the base of both stages of the image, as docs/operators.md says."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    base = re.search(r"^ARG BASE=(\S+)$", image, re.MULTILINE)
    assert base is not None
    assert re.findall(r"^FROM (\S+)", image, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert f"--build-arg BASE={base[1]}@sha256:" in (ROOT / "docs/operators.md").read_text(encoding="utf-8")


async def test_the_health_check_asks_at_the_port_that_is_set(tmp_path: Path) -> None:
    """The image's health check asks at the port that is set, past a proxy in the environment. It fails if nobody
    answers or the database is closed."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    _, *words = json.loads(text.partition("HEALTHCHECK")[2].partition("CMD ")[2].splitlines()[0])

    async def checked(bind: str) -> int:
        variables_set = {**os.environ, "PARLEY_HEALTH_BIND": bind, "http_proxy": "http://127.0.0.1:1"}
        return await (
            await asyncio.create_subprocess_exec(sys.executable, *words, env=variables_set, stderr=DEVNULL)
        ).wait()

    health = Health(Metrics())
    port = (await health.start(Address("127.0.0.1", free_port()))).rpartition(":")[2]
    assert (await checked(port), await checked(f"0.0.0.0:{port}")) == (0, 0)
    async with running(tmp_path) as instance:
        health.watch(instance, {})
        assert await checked(port) == 0
    assert await checked(port) != 0, "its database is closed"
    await health.stop()
    assert await checked(port) != 0


def test_what_parley_writes_in_memory_is_its_own_users() -> None:
    """A file system in memory, other than /tmp, has options that give it to Parley's user. Without them it would belong
    to root."""
    user = re.search(r"useradd --uid (\d+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert user is not None
    for service in [service for file in COMPOSE for service in ours(file).values()]:
        for folder in service["tmpfs"]:
            assert folder == "/tmp" or f":uid={user[1]},gid={user[1]}" in folder
    assert f"chown {user[1]} deploy/secrets/*" in COMPOSE[1].read_text(encoding="utf-8")


def test_processes_over_postgresql_share_the_work() -> None:
    """The compose file for PostgreSQL runs every shard of Discord once, and gives each process the database and the
    key."""
    parts = ours(COMPOSE[1])
    shards = [service["environment"].get("PARLEY_DISCORD_SHARDS") for service in parts.values()]
    ranges = [re.fullmatch(r"(\d+)-(\d+)/4", each) for each in shards if each]
    run = [number for each in ranges if each for number in range(int(each[1]), int(each[2]) + 1)]
    assert sorted(run) == [0, 1, 2, 3]
    for service in parts.values():
        assert {"database", "parley.key"} <= set(service["secrets"])


def test_every_secret_that_is_used_is_there_and_no_other() -> None:
    """The compose file lists exactly the secrets that its services use and whose files they read."""
    text = COMPOSE[1].read_text(encoding="utf-8")
    listed = set(yaml.safe_load(text)["secrets"])
    used = {name for service in services(COMPOSE[1]).values() for name in service.get("secrets", ())}
    assert used == listed == set(re.findall(r"/run/secrets/([\w.-]+)", text))


def test_only_what_the_image_needs_is_sent_to_the_builder() -> None:
    """The builder gets the files that the Dockerfile copies and no others, so never a database or a key."""
    copied = {
        word
        for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert "*" in rules
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    """`systemd-analyze` finds no mistake in the unit, and rates its exposure within the threshold of 15."""
    analyse = shutil.which("systemd-analyze")
    require("systemd", analyse is not None, "systemd-analyze is not installed")
    installed = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    installed.write_text(text.replace("/opt/parley/bin/parley", "/bin/true"), encoding="utf-8")
    checked = subprocess.run([str(analyse), "verify", installed], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    rated = subprocess.run(
        [str(analyse), "security", "--offline=yes", "--threshold=15", installed],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-300:]


def test_the_unit_hides_nothing_that_figures_are_read_from() -> None:
    """The unit doesn't reduce /proc to pids, because figures such as `process_open_fds`, which has an alert, need
    more."""
    assert not re.search(r"^ProcSubset=", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_runbook_sets_up_what_the_unit_starts() -> None:
    """docs/operators.md puts the program, the secret and the unit itself where the unit expects them."""
    runbook, unit = (ROOT / "docs/operators.md").read_text(encoding="utf-8"), UNIT.read_text(encoding="utf-8")
    program, secret = re.search(r"^ExecStart=(\S+) run$", unit, re.MULTILINE), re.search(r":(/etc/\S+)", unit)
    assert program is not None
    assert secret is not None
    assert f"python3 -m venv {Path(program[1]).parents[1]}\n" in runbook
    assert f"/dev/stdin {secret[1]} " in runbook
    assert f"cp {UNIT.relative_to(ROOT)} /etc/systemd/system/\n" in runbook
