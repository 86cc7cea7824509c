"""Places for bodies with files: no address holds them all, and who waits for its own is in nobody's way."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from kiosk.backend.places import Places
from kiosk.backend.web.problems import WebError


def refused() -> WebError:
    return WebError("busy")


def test_one_address_has_half_of_them_at_most() -> None:
    async def run() -> None:
        places = Places(most=4, each=2, seconds=0.01, refused=refused)
        async with AsyncExitStack() as held:
            for _ in range(2):
                await held.enter_async_context(places.place("10.0.0.1"))
            for _ in range(20):  # they wait in vain, and hold nothing
                with pytest.raises(WebError, match="busy"):
                    await held.enter_async_context(places.place("10.0.0.1"))
            for address in ("10.0.0.2", "10.0.0.3"):
                await held.enter_async_context(places.place(address))
            with pytest.raises(WebError, match="busy"):
                await held.enter_async_context(places.place("10.0.0.4"))
        async with places.place("10.0.0.1"), places.place("10.0.0.1"), places.place("10.0.0.4"):
            pass

    asyncio.run(run())


def test_whoever_waits_gets_its_turn() -> None:
    async def run() -> None:
        places, order = Places(most=1, each=1, seconds=5.0, refused=refused), []

        async def send(address: str) -> None:
            async with places.place(address):
                order.append(address)
                await asyncio.sleep(0)

        await asyncio.gather(*(send(address) for address in ("a", "a", "a", "b")))
        assert sorted(order) == ["a", "a", "a", "b"]
        assert order.index("b") <= 1, "not behind all that one address has sent"

    asyncio.run(run())
