"""Run a separate PostgreSQL server in a temporary folder, on a free loopback port, at most as long as this process."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.ports import free_port

ACCOUNT = "postgres"
START_SECONDS = 30


def programs() -> Path | None:
    """Return the folder of Debian's newest PostgreSQL server, else of the one on PATH, or None if there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    program = shutil.which("postgres")
    return debian[-1] if debian else Path(program).parent if program else None


class PostgresServer:
    """A server with `fsync` on, as in production: `with PostgresServer() as server: server.url("name")`."""

    def __init__(self, under: Path | None = None, **options: str) -> None:
        """Make a server in a folder below `under`. `options` are its settings."""
        program = programs()
        if program is None:
            raise FileNotFoundError("no PostgreSQL server is installed")
        self._programs = program
        self._folder = Path(tempfile.mkdtemp(prefix="parley-postgres-", dir=under))
        self._options = options
        self._data = self._folder / "data"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", f"--pgdata={self._data}")
        self.port = free_port()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://{self._account}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "shared_buffers": "64MB",
            "max_connections": "50",
            **self._options,
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", self._data, *arguments), cwd=self._folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        ready = self._command("pg_isready", "-q", "-h", "127.0.0.1", "-p", self.port)
        while subprocess.run(ready, check=False, cwd=self._folder).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text(errors="replace"))
            time.sleep(0.05)

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server. `immediate` is like a crash: no checkpoint, and recovery at the next start."""
        if self._process is not None:
            self._run("pg_ctl", "stop", f"--mode={mode}", f"--pgdata={self._data}", "--wait")
            self._process.wait(START_SECONDS)
            self._process = None

    def log(self) -> str:
        """Return everything that the server has logged."""
        return (self._folder / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The server's first process, the parent of its others; 0 while it isn't running."""
        return 0 if self._process is None else self._process.pid

    @property
    def stands(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def psql(self, sql: str, database: str = "postgres") -> str:
        return self._run("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", sql)

    @property
    def _account(self) -> str:
        return ACCOUNT if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def _command(self, program: str, *arguments: object) -> list[str]:
        """Return a command line that runs a program without root, as PostgreSQL demands, and ends with its parent."""
        change = ["--reuid", ACCOUNT, "--regid", ACCOUNT, "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *change, "--pdeathsig", "INT", "--", str(self._programs / program), *map(str, arguments)]

    def _run(self, program: str, *arguments: object) -> str:
        done = subprocess.run(
            self._command(program, *arguments), check=False, cwd=self._folder, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout
