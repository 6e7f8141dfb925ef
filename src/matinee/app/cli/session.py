"""A command at work on the platform: its services, a control to run jobs where no server does, and where to watch."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from msgspec.structs import replace

from matinee.app.migrations import migrate
from matinee.app.roles.home import log_to, make_home, read_server
from matinee.app.settings import NAMES, Settings
from matinee.app.wiring import Platform, open_platform
from matinee.base.errors import Unavailable
from matinee.work.holder import is_dead

LOOK_S = 2.0  # between looks whether a server still runs the jobs
STOP_S = 15.0  # what our own control is given to hand back what it works on


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Platform]:
    """The platform on a data folder that is there and up to date."""
    make_home(settings.home)
    log_to(settings.home, "cli")
    await migrate(settings)
    async with open_platform(settings) as platform:
        yield platform


def as_served(settings: Settings) -> Settings:
    """`settings`, in which the server that runs on this data folder decides what a film is made into."""
    server = read_server(settings.home)
    return settings if server is None else replace(settings, ladder=server.ladder, codecs=server.codecs)


async def is_served(platform: Platform) -> bool:
    """Whether a control that is alive works on the jobs."""
    live = await platform.jobs.live_controls(platform.clock())
    return any(not is_dead(name) for name in live)


class ControlEnded(Unavailable):
    """The process that ran the jobs for this command is gone."""

    code = "control_ended"


@dataclass
class OwnControl:
    """A process that runs the jobs for as long as this one lives, where no server does.

    It has a session of its own, so that Ctrl-C reaches this command only, which then ends it in good order.
    """

    platform: Platform
    process: asyncio.subprocess.Process | None = None
    looked: float = float("-inf")

    async def ensure(self) -> None:
        """See that somebody runs the jobs. Raises ControlEnded."""
        if self.process is not None:
            if self.process.returncode is not None:
                log = self.platform.settings.home.resolve() / "logs" / "control.log"
                raise ControlEnded(f"the process that runs the jobs has ended; look at {log}, and run this again")
            return
        now = asyncio.get_running_loop().time()
        if now - self.looked < LOOK_S:
            return
        self.looked = now
        if not await is_served(self.platform):
            self.process = await _start_control(self.platform.settings)

    async def end(self) -> None:
        """End it in good order: what it works on is handed back."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def _start_control(settings: Settings) -> asyncio.subprocess.Process:
    """A control as `up` starts it, without the demonstration and the watched folder: those are a server's."""
    environment = {
        **os.environ,
        NAMES["home"]: str(settings.home.resolve()),
        NAMES["demo"]: "false",
        NAMES["watch"]: "",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "matinee.app.roles.child", "control", str(os.getpid()), "0"),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


@asynccontextmanager
async def with_control(platform: Platform, is_followed: bool) -> AsyncIterator[OwnControl]:
    """A control of our own where jobs are followed and no server runs them, ended in the end."""
    control = OwnControl(platform)
    try:
        if is_followed:
            await control.ensure()
        yield control
    finally:
        await control.end()


def watch_url(settings: Settings, title_id: str) -> str | None:
    """Where the title is watched on the server that runs on this data folder; None when none does."""
    server = read_server(settings.home)
    return f"{server.url}/title/{title_id}" if server is not None else None
