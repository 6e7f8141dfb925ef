"""One role a process: the web application, the control, the edge, a cluster's scheduler and its workers."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from matinee.app.roles.home import log_to, make_home
from matinee.app.settings import Settings
from matinee.base.errors import Invalid, MatineeError
from matinee.base.objects import folder_of, open_objects

_log = logging.getLogger(__name__)

ACCESS_LOG_BYTES = 64_000_000


class NeedsFolder(Invalid):
    """The embedded edge serves files, and the object store is not a folder."""

    code = "needs_folder"


def serve(settings: Settings, *, listener: socket.socket | None = None, edge_port: int = 0) -> None:
    """Serve the API and the web app until told to stop."""
    import uvicorn  # noqa: PLC0415 - each role loads what it needs, and no more

    from matinee.app.http import server_config  # noqa: PLC0415
    from matinee.app.migrations import migrate  # noqa: PLC0415
    from matinee.app.wiring import open_platform  # noqa: PLC0415
    from matinee.app.wiring.web import web_app  # noqa: PLC0415

    log_to(make_home(settings.home), "web")

    async def run() -> None:
        await migrate(settings)
        async with open_platform(settings) as platform:
            app = web_app(platform, edge_port or settings.edge_port)
            server = uvicorn.Server(server_config(app, host=settings.host, port=settings.port))
            await server.serve(sockets=[listener] if listener is not None else None)

    with asyncio.Runner(loop_factory=_uvloop) as runner:
        runner.run(run())


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop  # noqa: PLC0415

    return uvloop.new_event_loop()


def control(settings: Settings, *, name: str = "control", with_demo: bool = False) -> None:
    """Run durable jobs until told to stop."""
    home = make_home(settings.home)
    log_to(home, name)
    asyncio.run(run_control(settings, name=name, with_demo=with_demo))


async def run_control(
    settings: Settings, *, name: str = "control", with_demo: bool = False, stop: asyncio.Event | None = None
) -> None:
    """The control role inside a running loop; ends when `stop` is set, or on SIGTERM and SIGINT when none is given."""
    from matinee.app.migrations import migrate  # noqa: PLC0415
    from matinee.app.wiring import open_platform  # noqa: PLC0415
    from matinee.app.wiring.background import look_after, open_control  # noqa: PLC0415

    if stop is None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await migrate(settings)
    async with open_platform(settings) as platform:
        if with_demo:
            from matinee.app.demo.library import enqueue_demo  # noqa: PLC0415
            from matinee.app.urgency import DEMONSTRATION  # noqa: PLC0415

            await enqueue_demo(platform.catalog, platform.jobs, settings.home, DEMONSTRATION)
        async with open_control(platform, name) as running, asyncio.TaskGroup() as group:
            group.create_task(running.run(stop))
            group.create_task(look_after(platform, stop))
            if settings.watch:
                from matinee.app.watch import watch  # noqa: PLC0415

                group.create_task(watch(Path(settings.watch), platform.ingest, stop))


def edge(settings: Settings, *, listeners: Sequence[socket.socket] = ()) -> None:
    """Serve renditions until told to stop."""
    from matinee.delivery.edge.limits import Limits  # noqa: PLC0415
    from matinee.delivery.edge.log import AccessLog  # noqa: PLC0415
    from matinee.delivery.edge.server import run  # noqa: PLC0415

    folder = folder_of(open_objects(settings.objects_url))
    if folder is None:
        raise NeedsFolder("this edge serves a folder; set STORAGE_URL to file:///..., or run it beside the store")
    renditions = folder / "renditions"
    renditions.mkdir(exist_ok=True)
    home = make_home(settings.home)
    (home / "logs").mkdir(exist_ok=True)
    limits = Limits()
    log = AccessLog(home / "logs" / "edge.jsonl", limits.log_lines, ACCESS_LOG_BYTES)
    where = list(listeners) or (settings.host, settings.edge_port)
    run(renditions, home / "edge-keys.json", where, log=log, limits=limits)


def work(settings: Settings) -> None:
    """Be a worker of the cluster at COMPUTE_URL until told to stop."""
    from matinee.app.wiring.background import build_of, proved_ffmpeg, scratch_folder, worker_slots  # noqa: PLC0415
    from matinee.encoding.worker.proving import hardware_encoders  # noqa: PLC0415
    from matinee.encoding.worker.workplace import HERE  # noqa: PLC0415
    from matinee.work.cluster import join  # noqa: PLC0415
    from matinee.work.compute import MACHINE_MEMORY_BYTES  # noqa: PLC0415
    from matinee.work.offer import offered  # noqa: PLC0415

    home = make_home(settings.home)
    log_to(home, "work")
    ffmpeg, scratch, workers = proved_ffmpeg(settings), scratch_folder(settings), worker_slots(settings)
    scratch.mkdir(parents=True, exist_ok=True)
    here = dict(zip(HERE, (str(scratch), str(ffmpeg), build_of(ffmpeg)), strict=True))
    offers = offered(workers, MACHINE_MEMORY_BYTES, hardware_encoders(ffmpeg))
    certificates = home / "compute-tls"
    asyncio.run(join(settings.compute_url, scratch, certificates, here, offers=offers, retire_s=settings.retire_s))


def scheduler(settings: Settings) -> None:
    """Be the scheduler of the cluster at COMPUTE_URL until told to stop."""
    from matinee.work.scheduler import schedule  # noqa: PLC0415

    home = make_home(settings.home)
    log_to(home, "scheduler")
    asyncio.run(schedule(settings.compute_url, home / "compute-tls"))


def be_child(settings: Settings, role: str, descriptors: Sequence[int], edge_port: int) -> None:
    """One role of `up`, in a process that ends with it; `descriptors` are listening sockets that it opened."""
    sockets = [socket.socket(fileno=number) for number in descriptors]
    try:
        if role == "web":
            serve(settings, listener=sockets[0], edge_port=edge_port)
        elif role == "edge":
            edge(settings, listeners=sockets)
        else:
            control(settings, with_demo=settings.demo)
    except MatineeError as error:
        print(f"{role}: {error}", file=sys.stderr)  # noqa: T201 - for whoever started `up`
        sys.exit(1)
    except Exception:
        _log.exception("the %s role ended", role)
        log = settings.home / "logs" / f"{role}.log"
        print(f"{role}: ended by an unexpected error; it is told in {log}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
