"""The HTTP application: the domains' handlers, put together under one set of rules.

A domain's `routes.py` holds plain handlers in a tuple `HANDLERS`. A handler takes a service as a parameter named
after its dependency (`catalog: Given[Catalog]`), takes `account: Given[Account]` where somebody is signed in, says
who may call it (`opt={"access": ...}`, see access.py), and raises our errors (see problem.py). From outside to
inside a request passes `Shield` (whose name it came under, security headers), Litestar's router, `Access` (origin,
session, time), and the handler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar, Request, Router, route
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.params import SkipValidationMarker
from litestar.types import ControllerRouterHandler, Method
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

import matinee
from matinee.app import images, site
from matinee.app.access import Access, check_rules, handlers_of
from matinee.app.images import Images, Resize
from matinee.app.problem import exception_handlers
from matinee.app.shield import Shield, host_of, hosts_of, script_hashes
from matinee.base.database import reading
from matinee.base.errors import Unavailable
from matinee.base.given import Given
from matinee.base.objects import Objects
from matinee.members import routes as members_routes
from matinee.members.account import Account
from matinee.members.service import Members

BODY_MAX_BYTES = 1 << 20  # no request of ours needs more; uploads set their own
CONNECTIONS_MAX = 2_000  # file descriptors: answered with 503 beyond it
KEEP_ALIVE_S = 30  # longer than a player's heartbeat interval
BACKLOG = 1_024
DRAIN_S = 10  # what a request in flight is given when the server is told to stop
HEALTH_TIMEOUT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the application is made of; wiring fills it in."""

    members: Members
    engine: AsyncEngine
    objects: Objects
    resize: Resize
    web: Path
    """The folder of the built web app; it may be missing."""
    handlers: Sequence[ControllerRouterHandler] = ()
    """The domains' `HANDLERS`, all in one row; those of members are in already."""
    dependencies: Mapping[str, object] = field(default_factory=dict)
    """The services that the handlers take, under the names of their parameters."""
    public_url: str = ""
    is_local: bool = True
    """Whether only this machine can reach the server: then only its own names are answered."""
    edges: tuple[str, ...] = ()
    """The origins that media comes from (`https://edge.example`); `:8080` is that port of the page's own host."""
    lifespan: Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]] = ()


def build_app(parts: Parts) -> Litestar:
    """The ASGI application. Raises ValueError for a handler that does not say who may call it, or what it is given."""
    web = site.read_site(parts.web)
    services: dict[str, object] = {
        "members": parts.members,
        "engine": parts.engine,
        "images": Images(parts.objects, parts.resize),
        "site": web,
        "is_https": parts.public_url.startswith("https://"),
        **parts.dependencies,
    }
    app = Litestar(
        [*members_routes.HANDLERS, *parts.handlers, *images.HANDLERS, read_health, *site.HANDLERS],
        dependencies={"account": Provide(_account)} | {name: _provide(service) for name, service in services.items()},
        middleware=[DefineMiddleware(Access, members=parts.members, public_host=host_of(parts.public_url))],
        exception_handlers=exception_handlers(),
        request_max_body_size=BODY_MAX_BYTES,
        openapi_config=_openapi(),
        lifespan=list(parts.lifespan),
        logging_config=None,
    )
    check_rules(app)
    check_given(app, services.keys() | {"account"})
    hosts = hosts_of(parts.public_url, is_local=parts.is_local)
    app.asgi_handler = Shield(app.asgi_handler, hosts, parts.edges, script_hashes(web.pages))
    return app


def check_given(app: Litestar, names: Set[str]) -> None:
    """Refuse to start with a handler that takes a service as if it were data: Litestar would look into its type."""
    for path, handler in handlers_of(app):
        for name, parameter in handler.parsed_fn_signature.parameters.items():
            if name in names and not parameter.has_metadata(SkipValidationMarker):
                raise ValueError(f"{path}: {handler.handler_name} must take `{name}: Given[...]` (base/given.py)")


def server_config(app: Litestar, *, host: str, port: int) -> uvicorn.Config:
    """How uvicorn serves the application; what a client says about its own address is not believed."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        limit_concurrency=CONNECTIONS_MAX,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )


@route("/health", http_method=["GET", "HEAD"], opt={"access": "public"})
async def read_health(engine: Given[AsyncEngine]) -> dict[str, str]:
    """Whether the process is up and its database answers."""
    try:
        async with asyncio.timeout(HEALTH_TIMEOUT_S), reading(engine) as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:
        raise Unavailable(f"the database does not answer ({type(error).__name__})") from error
    return {"status": "ok"}


def _provide(service: object) -> Provide:
    return Provide(lambda: service, sync_to_thread=False)


async def _account(request: Request[Account, Any, Any]) -> Account:
    return request.user


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Matinee",
        version=matinee.__version__,
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        openapi_router=Router(path="/schema", route_handlers=[], include_in_schema=False, opt={"access": "public"}),
        render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
    )


def _operation_id(handler: HTTPRouteHandler, method: Method, _: object) -> str:
    return f"{handler.handler_name}_head" if method == "HEAD" else handler.handler_name
