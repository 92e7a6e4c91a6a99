"""A real PostgreSQL of one's own: on a free port of loopback, by a user not root.

Where the machine has none, tests of it are skipped and say so.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PASSWORD = "canary-database-password-4711"
MISSING = "no PostgreSQL server is installed here (apt-get install postgresql)"


def folder_of_programs() -> Path | None:
    """Where initdb and postgres are; Debian keeps them out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    name = shutil.which("initdb")
    return None if name is None else Path(name).resolve().parent


def open_folder() -> Path:
    """A folder that the server's user may reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="fastorder-postgres-"))
    folder.chmod(0o755)
    return folder


def free_port() -> int:
    """A port that no connection gets by chance: it has to be free at a restart too."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """One server; ``database()`` gives an empty database."""

    def __init__(self, folder: Path) -> None:
        programs = folder_of_programs()
        assert programs is not None, MISSING
        self._programs = programs
        self.folder = folder
        self._data = folder / "data"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        # sanitizers are of the tests, and the server does not start with them
        plain = {name: it for name, it in os.environ.items() if name != "LD_PRELOAD"}
        self._runs = {"env": plain}
        if os.getuid() == 0:  # the server refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._runs |= {"user": "postgres", "group": user.pw_gid,
                           "extra_groups": []}  # fmt: skip
        password = folder / "password"
        password.write_text(PASSWORD)
        if os.getuid() == 0:
            os.chown(password, user.pw_uid, user.pw_gid)
        subprocess.run(
            [
                programs / "initdb",
                *("-D", self._data, "-U", "trader", "--pwfile", password),
                *("--auth", "scram-sha-256", "-E", "UTF8", "--locale", "C"),
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **self._runs,
        )
        password.unlink()
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",  # the machine is not switched off here
            "shared_buffers": "32MB",
            "max_connections": "30",
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **self._runs,
        )
        until = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, "postgres has ended"
            assert time.monotonic() < until, "postgres does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """End it as a crash does: nobody says goodbye."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it, whoever is connected."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def remove(self) -> None:
        """End it, and take away what it has written."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, database: str) -> str:
        return f"postgresql://trader:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The DSN of a new one."""
        import psycopg

        self._made += 1
        name = f"record{self._made}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.dsn(name)
