"""A command at work on the platform: its services, a control to run jobs where no server does, and where to watch."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from matinee.app.migrations import migrate
from matinee.app.roles.home import log_to, make_home, read_server
from matinee.app.roles.one import run_control
from matinee.app.settings import Settings
from matinee.app.wiring import Platform, open_platform
from matinee.work.holder import is_dead

LOOK_S = 2.0  # between looks whether a server still runs the jobs


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Platform]:
    """The platform on a data folder that is there and up to date."""
    make_home(settings.home)
    log_to(settings.home, "cli")
    await migrate(settings)
    async with open_platform(settings) as platform:
        yield platform


async def is_served(platform: Platform) -> bool:
    """Whether a control that is alive works on the jobs."""
    live = await platform.jobs.live_controls(platform.clock())
    return any(not is_dead(name) for name in live)


@dataclass
class OwnControl:
    """Runs the jobs in this process for as long as no server does."""

    platform: Platform
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    running: asyncio.Task[None] | None = None
    looked: float = float("-inf")

    async def ensure(self) -> None:
        """See that somebody runs the jobs. Raises what ended our own control, if it has ended."""
        if self.running is not None:
            if self.running.done():
                self.running.result()
            return
        now = asyncio.get_running_loop().time()
        if now - self.looked < LOOK_S:
            return
        self.looked = now
        if not await is_served(self.platform):
            self.running = asyncio.create_task(run_control(self.platform.settings, name="cli", stop=self.stop))

    @property
    def is_needed(self) -> bool:
        """Whether it is this process that runs the jobs."""
        return self.running is not None

    async def end(self) -> None:
        """Stop in good order: what runs is handed back."""
        self.stop.set()
        if self.running is not None:
            await asyncio.wait([self.running])


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
    if server is None or not _is_alive(server.pid):
        return None
    return f"{server.url}/title/{title_id}"


def _is_alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
