"""`matinee up`: every role in one place, each in a process of its own, started again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from matinee.app.roles.home import held, make_home, server_of, write_server
from matinee.app.settings import NAMES, Settings
from matinee.base.errors import Unavailable
from matinee.delivery.edge.listener import AddressTaken, listen

PORTS_TRIED = 100
READY_TIMEOUT_S = 60.0
RESTART_FIRST_S, RESTART_MAX_S = 0.5, 30.0
STOP_S = 15.0
"""What a role is given to end in good order: it hands back its jobs."""


class DidNotStart(Unavailable):
    """The web role does not answer."""

    code = "did_not_start"


@dataclass(frozen=True)
class Ready:
    """What the person who started it is told: where it is, and the link that makes the owner's account, if needed."""

    url: str
    setup_url: str
    home: str


Announce = Callable[[Ready], None]


def up(settings: Settings, announce: Announce) -> None:
    """Run until Ctrl-C or SIGTERM. Raises AlreadyUp, HomeUnwritable, AddressTaken and DidNotStart."""
    home = make_home(settings.home)
    with held(home):
        web = _free_port(settings.host, settings.port, 1)
        edge = _free_port(settings.host, settings.edge_port, settings.worker_count)
        roles = _roles(settings, web, edge)
        url = settings.public_url or f"http://{_shown_host(settings.host)}:{web[0].getsockname()[1]}"
        write_server(home, server_of(settings, url))
        try:
            asyncio.run(_supervise(settings, roles, url, _own_health(settings, web[0]), announce))
        finally:
            (home / "server.json").unlink(missing_ok=True)


def _free_port(host: str, port: int, count: int) -> list[socket.socket]:
    """Sockets that listen on `port`, or the next one that is free."""
    for candidate in range(port, port + PORTS_TRIED):
        try:
            return listen(host, candidate, count)
        except AddressTaken:
            if candidate == port + PORTS_TRIED - 1:
                raise
    raise AssertionError("the last candidate raises")


def _shown_host(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104 - only compared


@dataclass
class _Role:
    """A process to keep alive."""

    name: str
    sockets: Sequence[socket.socket]
    edge_port: int
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None
    delay_s: float = RESTART_FIRST_S
    started: float = field(default_factory=time.monotonic)

    async def start(self) -> None:
        numbers = [sock.fileno() for sock in self.sockets]
        given = (os.getpid(), self.edge_port, *numbers)
        argv = [sys.executable, "-m", "matinee.app.roles.child", self.name, *map(str, given)]
        self.started = time.monotonic()
        self.process = await asyncio.create_subprocess_exec(
            *argv, pass_fds=numbers, env=self.environment, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
        )


def _roles(settings: Settings, web: Sequence[socket.socket], edge: Sequence[socket.socket]) -> list[_Role]:
    edge_port = edge[0].getsockname()[1]
    environment = {**os.environ, NAMES["home"]: str(settings.home.resolve())}
    return [
        _Role("web", web, edge_port, environment),
        _Role("edge", edge, edge_port, environment),
        _Role("control", (), edge_port, environment),
    ]


def _own_health(settings: Settings, listener: socket.socket) -> urllib.request.Request:
    """How this process asks its own web role, without the proxy in front but under the name that people use."""
    host, port = listener.getsockname()[:2]
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    name = urlsplit(settings.public_url).netloc
    return urllib.request.Request(f"http://{reached}:{port}/health", headers={"Host": name} if name else {})


async def _supervise(
    settings: Settings, roles: Sequence[_Role], url: str, health: urllib.request.Request, announce: Announce
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    for role in roles:
        await role.start()
    keepers = [asyncio.create_task(_keep_alive(role, stop)) for role in roles]
    try:
        await _wait_until_ready(settings, health, stop)
        if not stop.is_set():
            announce(Ready(url=url, setup_url=await _setup_url(settings, url), home=str(settings.home)))
        await stop.wait()
    finally:
        stop.set()
        await asyncio.gather(*(_end(role) for role in roles))
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep_alive(role: _Role, stop: asyncio.Event) -> None:
    while not stop.is_set():
        assert role.process is not None
        status = await role.process.wait()
        if stop.is_set():
            return
        if time.monotonic() - role.started > RESTART_MAX_S:
            role.delay_s = RESTART_FIRST_S
        print(f"{role.name} ended with {status}; starting it again", file=sys.stderr)  # noqa: T201
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), role.delay_s)
            return
        role.delay_s = min(RESTART_MAX_S, role.delay_s * 2)
        await role.start()
    await _end(role)  # told to stop while it was being started


async def _end(role: _Role) -> None:
    process = role.process
    if process is None or process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()


async def _wait_until_ready(settings: Settings, health: urllib.request.Request, stop: asyncio.Event) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not await asyncio.to_thread(_answers, health):
        if stop.is_set():
            return
        if time.monotonic() > deadline:
            raise DidNotStart(f"the web server does not answer; its log is {settings.home / 'logs' / 'web.log'}")
        await asyncio.sleep(0.05)


def _answers(health: urllib.request.Request) -> bool:
    try:
        with urllib.request.urlopen(health, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


async def _setup_url(settings: Settings, url: str) -> str:
    """The link that makes the owner's account; empty once there is one."""
    from matinee.app.wiring import open_platform  # noqa: PLC0415 - while the roles are starting

    async with open_platform(settings) as platform:
        if await platform.members.is_set_up():
            return ""
        return f"{url}/setup#token={await platform.members.first_run_token()}"
