"""Set-up, sign-in, sessions and limits, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from matinee.base.database import reading
from matinee.base.units import Seconds
from matinee.members import tables
from matinee.members.account import (
    AlreadySetUp,
    NoAccount,
    SetupLinkInvalid,
    SignInLimited,
    WeakPassword,
    WrongPassword,
)
from matinee.members.attempts import (
    FAILURES_PER_ADDRESS_MAX,
    FAILURES_PER_NAME_MAX,
    FAILURES_PER_PAIR_MAX,
    WINDOW_S,
)
from matinee.members.service import Members, SignedIn
from matinee.members.session import SESSION_LIFETIME_S, token_hash

PASSWORD = "correct horse"
HOME = "192.0.2.1"


@dataclass
class Time:
    """A clock that stands until it is moved."""

    now: float = 1_800_000_000.0

    def __call__(self) -> Seconds:
        return Seconds(self.now)


@dataclass
class World:
    """Members on a clock that a test moves, with a hash that costs little."""

    engine: AsyncEngine
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        self.members = Members(self.engine, self.time, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    async def with_owner(self) -> SignedIn:
        return await self.members.set_up(await self.members.first_run_token(), "Ada", PASSWORD)


@pytest.fixture
def world(main_engine: AsyncEngine) -> World:
    return World(main_engine)


async def test_the_set_up_link_makes_the_owner_and_signs_them_in(world: World) -> None:
    assert not await world.members.is_set_up()
    signed_in = await world.with_owner()
    assert signed_in.account.name == "Ada"
    assert signed_in.account.role == "owner"
    assert await world.members.is_set_up()
    assert await world.members.find(signed_in.token) == signed_in.account


async def test_a_made_up_link_sets_nothing_up(world: World) -> None:
    await world.members.first_run_token()
    with pytest.raises(SetupLinkInvalid):
        await world.members.set_up("made up", "Eve", PASSWORD)
    assert not await world.members.is_set_up()


async def test_only_the_newest_link_is_valid(world: World) -> None:
    old = await world.members.first_run_token()
    await world.members.first_run_token()
    with pytest.raises(SetupLinkInvalid):
        await world.members.set_up(old, "Ada", PASSWORD)


async def test_a_weak_password_leaves_the_link_valid(world: World) -> None:
    token = await world.members.first_run_token()
    with pytest.raises(WeakPassword):
        await world.members.set_up(token, "Ada", "short")
    await world.members.set_up(token, "Ada", PASSWORD)


async def test_there_is_one_owner_however_many_open_the_link_at_once(world: World) -> None:
    token = await world.members.first_run_token()
    results = await asyncio.gather(
        *(world.members.set_up(token, f"Ada {number}", PASSWORD) for number in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, SignedIn) for result in results) == 1
    assert all(isinstance(result, SignedIn | SetupLinkInvalid | AlreadySetUp) for result in results)


async def test_once_there_is_an_owner_nobody_else_sets_up(world: World) -> None:
    await world.with_owner()
    with pytest.raises(AlreadySetUp):
        await world.members.first_run_token()
    with pytest.raises(AlreadySetUp):
        await world.members.set_up("anything", "Eve", PASSWORD)


async def test_the_right_password_signs_in_under_any_spelling_of_the_name(world: World) -> None:
    first = await world.with_owner()
    second = await world.members.sign_in(" ADA ", PASSWORD, HOME)
    assert second.account == first.account
    assert second.token != first.token


@pytest.mark.parametrize(("name", "password"), [("Ada", "wrong horse"), ("Eve", PASSWORD), ("", "")])
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(world: World, name: str, password: str) -> None:
    await world.with_owner()
    with pytest.raises(WrongPassword) as caught:
        await world.members.sign_in(name, password, HOME)
    assert str(caught.value) == str(WrongPassword())


async def test_guessing_one_name_from_one_address_is_limited_and_locks_nobody_else_out(world: World) -> None:
    await world.with_owner()
    for _ in range(FAILURES_PER_PAIR_MAX):
        with pytest.raises(WrongPassword):
            await world.members.sign_in("ada", "guess", "198.51.100.1")
    for _ in range(FAILURES_PER_NAME_MAX):  # what is refused is not counted against the name
        with pytest.raises(SignInLimited) as caught:
            await world.members.sign_in("ada", PASSWORD, "198.51.100.1")
    assert caught.value.retry_after_s == WINDOW_S
    await world.members.sign_in("ada", PASSWORD, HOME)


async def test_guessing_one_name_from_anywhere_is_limited(world: World) -> None:
    await world.with_owner()
    for number in range(FAILURES_PER_NAME_MAX):
        with pytest.raises(WrongPassword):
            await world.members.sign_in("ada", "guess", f"198.51.100.{number}")
    with pytest.raises(SignInLimited):
        await world.members.sign_in("ada", PASSWORD, HOME)


async def test_guessing_names_from_one_address_is_limited(world: World) -> None:
    await world.with_owner()
    for number in range(FAILURES_PER_ADDRESS_MAX):
        with pytest.raises(WrongPassword):
            await world.members.sign_in(f"name {number}", "guess", HOME)
    with pytest.raises(SignInLimited):
        await world.members.sign_in("another", "guess", HOME)
    await world.members.sign_in("ada", PASSWORD, "198.51.100.1")


async def test_a_limit_ends_with_its_window(world: World) -> None:
    await world.with_owner()
    for _ in range(FAILURES_PER_PAIR_MAX):
        with pytest.raises(WrongPassword):
            await world.members.sign_in("ada", "guess", HOME)
    with pytest.raises(SignInLimited):
        await world.members.sign_in("ada", PASSWORD, HOME)
    world.time.now += WINDOW_S
    await world.members.sign_in("ada", PASSWORD, HOME)


async def test_guesses_sent_all_at_once_do_not_slip_under_the_limit(world: World) -> None:
    await world.with_owner()
    guesses = (world.members.sign_in("ada", "guess", HOME) for _ in range(FAILURES_PER_PAIR_MAX * 2))
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(result, WrongPassword) for result in results) == FAILURES_PER_PAIR_MAX


async def test_signing_in_forgives_the_failures_before(world: World) -> None:
    await world.with_owner()
    for _ in range(3):
        for _ in range(FAILURES_PER_PAIR_MAX - 1):
            with pytest.raises(WrongPassword):
                await world.members.sign_in("ada", "typo", HOME)
        await world.members.sign_in("ada", PASSWORD, HOME)


async def test_a_session_ends_when_it_is_not_used(world: World) -> None:
    token = (await world.with_owner()).token
    world.time.now += SESSION_LIFETIME_S
    assert await world.members.find(token) is None


async def test_a_session_in_use_goes_on(world: World) -> None:
    token = (await world.with_owner()).token
    for _ in range(4):
        world.time.now += SESSION_LIFETIME_S * 0.9
        assert await world.members.find(token) is not None


async def test_a_session_is_written_at_most_once_an_hour(world: World) -> None:
    signed_in = await world.with_owner()
    world.time.now += 3_599
    await world.members.find(signed_in.token)
    assert await _expires(world.engine, signed_in.token) == signed_in.expires
    world.time.now += 1
    await world.members.find(signed_in.token)
    assert await _expires(world.engine, signed_in.token) == signed_in.expires + 3_600


@pytest.mark.parametrize("token", ["", "made up"])
async def test_a_token_that_we_did_not_give_is_nobodys(world: World, token: str) -> None:
    await world.with_owner()
    assert await world.members.find(token) is None


async def test_signing_out_ends_this_session_only(world: World) -> None:
    here = await world.with_owner()
    there = await world.members.sign_in("ada", PASSWORD, HOME)
    await world.members.sign_out(here.token)
    assert await world.members.find(here.token) is None
    assert await world.members.find(there.token) == there.account


async def test_signing_out_everywhere_ends_them_all(world: World) -> None:
    here = await world.with_owner()
    there = await world.members.sign_in("ada", PASSWORD, HOME)
    await world.members.sign_out_everywhere(here.account.id)
    assert [await world.members.find(each.token) for each in (here, there)] == [None, None]


async def test_the_operator_sets_a_new_password_and_every_session_ends(world: World) -> None:
    signed_in = await world.with_owner()
    for _ in range(FAILURES_PER_PAIR_MAX):
        with pytest.raises(WrongPassword):
            await world.members.sign_in("ada", "forgotten", HOME)
    account = await world.members.reset_password("a new horse")
    assert account == signed_in.account
    assert await world.members.find(signed_in.token) is None
    await world.members.sign_in("ada", "a new horse", HOME)
    with pytest.raises(WrongPassword):
        await world.members.sign_in("ada", PASSWORD, HOME)


async def test_without_an_account_there_is_no_password_to_set(world: World) -> None:
    with pytest.raises(NoAccount):
        await world.members.reset_password(PASSWORD)


async def test_no_secret_can_be_read_in_the_database(world: World) -> None:
    link = await world.members.first_run_token()
    signed_in = await world.members.set_up(link, "Ada", PASSWORD)
    rows: list[str] = []
    async with reading(world.engine) as connection:
        for table in (tables.accounts, tables.sessions, tables.setup_links):
            rows += [str(row) for row in await connection.execute(select(table))]
    kept = "\n".join(rows)
    assert "$argon2id$" in kept
    assert not any(secret in kept for secret in (link, PASSWORD, signed_in.token))


async def test_ended_sessions_do_not_pile_up(world: World) -> None:
    await world.with_owner()
    world.time.now += SESSION_LIFETIME_S
    await world.members.sign_in("ada", PASSWORD, HOME)
    async with reading(world.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(tables.sessions)) == 1


def test_passwords_cost_what_rfc_9106_asks_for(main_engine: AsyncEngine) -> None:
    hasher = Members(main_engine, Time()).hasher
    assert (hasher.type.name, hasher.memory_cost, hasher.time_cost, hasher.parallelism) == ("ID", 65_536, 3, 4)


async def _expires(engine: AsyncEngine, token: str) -> float | None:
    query = select(tables.sessions.c.expires).where(tables.sessions.c.token_hash == token_hash(token))
    async with reading(engine) as connection:
        expires: float | None = await connection.scalar(query)
    return expires
