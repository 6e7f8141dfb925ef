"""A port is opened once for all workers, and never shared with somebody else's."""

from __future__ import annotations

import socket

import pytest

from matinee.delivery.edge.listener import AddressTaken, listen


def test_a_port_that_another_edge_has_is_not_shared_with_it() -> None:
    mine = listen("127.0.0.1", 0, 2)
    try:
        port = mine[0].getsockname()[1]
        assert mine[1].getsockname()[1] == port
        with pytest.raises(AddressTaken) as refused:
            listen("127.0.0.1", port, 1)
        assert refused.value.port == port
    finally:
        for sock in mine:
            sock.close()
    for sock in listen("127.0.0.1", port, 1):
        sock.close()


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(AddressTaken):
        listen("192.0.2.1", 0, 1)  # RFC 5737: nobody has it


def test_an_ipv6_address_can_be_listened_on() -> None:
    try:
        sockets = listen("::1", 0, 1)
    except AddressTaken:
        pytest.skip("this machine has no IPv6")
    assert sockets[0].family == socket.AF_INET6
    sockets[0].close()
