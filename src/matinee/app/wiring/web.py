"""The web role: the HTTP application on the platform's services."""

from __future__ import annotations

from litestar import Litestar

from matinee.app import activity, review
from matinee.app.http import Parts, build_app
from matinee.app.uploads import routes as uploads_routes
from matinee.app.wiring.platform import Platform, web_folder
from matinee.catalog import routes as catalog_routes
from matinee.discovery import routes as discovery_routes
from matinee.playback import routes as playback_routes
from matinee.playback.routes import Edges

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _resize(content: bytes, width_px: int) -> bytes:
    from matinee.catalog import artwork  # noqa: PLC0415 - Pillow and NumPy come with the first picture, not at start

    return artwork.resize(content, width_px)


def web_app(platform: Platform, edge_port: int) -> Litestar:
    """The application, with media on the edge at `edge_port` of the same host unless a setting says otherwise."""
    settings = platform.settings
    return build_app(
        Parts(
            members=platform.members,
            engine=platform.catalog.engine,
            objects=platform.objects,
            resize=_resize,
            web=web_folder(),
            handlers=(
                *catalog_routes.HANDLERS,
                *discovery_routes.HANDLERS,
                *playback_routes.HANDLERS,
                *uploads_routes.HANDLERS,
                *activity.HANDLERS,
                *review.HANDLERS,
            ),
            dependencies={
                "assets": platform.assets,
                "catalog": platform.catalog,
                "removal": platform.removal,
                "discovery": platform.discovery,
                "playback": platform.playback,
                "marking": platform.marking,
                "jobs": platform.jobs,
                "ingest": platform.ingest,
                "review": platform.review,
                "uploads": platform.uploads,
                "edges": Edges(settings.edge_url, edge_port),
            },
            public_url=settings.public_url,
            is_local=settings.host in LOOPBACK,
            edges=(settings.edge_url or f":{edge_port}",),
        )
    )
