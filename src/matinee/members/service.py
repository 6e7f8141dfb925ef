"""Members: set up the owner, sign in and out, and know who asks."""

from __future__ import annotations

import asyncio
import math
import secrets
from dataclasses import dataclass, field

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matinee.base.clock import Clock
from matinee.base.database import reading, writing
from matinee.base.ids import new_id
from matinee.base.units import Seconds
from matinee.members import attempts, session
from matinee.members.account import (
    Account,
    AlreadySetUp,
    NoAccount,
    SetupLinkInvalid,
    SignInLimited,
    WrongPassword,
    check_password,
    clean_name,
    clean_password,
    name_key,
)
from matinee.members.tables import accounts, sessions, setup_links, sign_in_failures

HASHES_AT_ONCE = 2  # each takes 64 MiB and tens of milliseconds of a core; further ones wait their turn

_FIND = (
    select(accounts.c.id, accounts.c.name, sessions.c.expires)
    .join_from(sessions, accounts)
    .where(sessions.c.token_hash == bindparam("token_hash"), sessions.c.expires > bindparam("now"))
)
_COUNT = text(
    "INSERT INTO sign_in_failures (key, failures, resets) VALUES (:key, 1, :resets) "
    "ON CONFLICT (key) DO UPDATE SET failures = sign_in_failures.failures + 1 RETURNING failures, resets"
)


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has just begun: its token is told this once."""

    account: Account
    token: str
    expires: Seconds


@dataclass(frozen=True)
class Members:
    """Accounts and their sessions. Passwords are hashed with argon2id (RFC 9106, second recommended option)."""

    engine: AsyncEngine
    clock: Clock
    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HASHES_AT_ONCE))

    async def is_set_up(self) -> bool:
        """Whether the owner's account exists."""
        async with reading(self.engine) as connection:
            return await _has_owner(connection)

    async def first_run_token(self) -> str:
        """A fresh token for the set-up link; an older link ends with it. Raises AlreadySetUp."""
        token = _new_token()
        async with writing(self.engine) as connection:
            if await _has_owner(connection):
                raise AlreadySetUp
            await connection.execute(delete(setup_links))
            row = {"token_hash": session.token_hash(token), "created": self.clock()}
            await connection.execute(insert(setup_links).values(row))
        return token

    async def set_up(self, token: str, name: str, password: str) -> SignedIn:
        """Make the owner's account and sign it in. Raises AlreadySetUp, SetupLinkInvalid, BadName, WeakPassword."""
        await self._check_setup_link(token)
        account = Account(id=new_id("account"), name=clean_name(name))
        password_hash = await self._hash(check_password(password))
        async with writing(self.engine) as connection:
            used = await connection.execute(
                delete(setup_links).where(setup_links.c.token_hash == session.token_hash(token))
            )
            if used.rowcount != 1:  # somebody was quicker with the same link
                raise SetupLinkInvalid
            await connection.execute(insert(accounts).values(self._row(account, password_hash)))
            return await self._begin(connection, account)

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """A new session for whoever knows the password. Raises WrongPassword and SignInLimited.

        The attempt is counted before it is judged, so that many at once do not slip under the limit; an unknown
        name costs as much time as a wrong password.
        """
        counters = attempts.limits(name, address)
        await self._count_attempt(counters)
        async with reading(self.engine) as connection:
            found = (await connection.execute(select(accounts).where(accounts.c.name_key == name_key(name)))).first()
        if not await self._is_right(clean_password(password), found.password_hash if found else None) or not found:
            raise WrongPassword
        async with writing(self.engine) as connection:
            keys = [key for key, _ in counters]
            await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key.in_(keys)))
            await connection.execute(delete(sessions).where(sessions.c.expires <= self.clock()))
            return await self._begin(connection, Account(id=found.id, name=found.name))

    async def find(self, token: str) -> Account | None:
        """Whose session `token` is, or None; a session in use is renewed once an hour."""
        if not token:
            return None
        now, hashed = self.clock(), session.token_hash(token)
        async with reading(self.engine) as connection:
            row = (await connection.execute(_FIND, {"token_hash": hashed, "now": now})).first()
        if row is None:
            return None
        if session.is_renewal_due(row.expires, now):
            async with writing(self.engine) as connection:
                renewed = update(sessions).where(sessions.c.token_hash == hashed).values(expires=session.ends_at(now))
                await connection.execute(renewed)
        return Account(id=row.id, name=row.name)

    async def sign_out(self, token: str) -> None:
        """End one session; one that has ended already is no error."""
        async with writing(self.engine) as connection:
            await connection.execute(delete(sessions).where(sessions.c.token_hash == session.token_hash(token)))

    async def sign_out_everywhere(self, account_id: str) -> None:
        """End every session of an account."""
        async with writing(self.engine) as connection:
            await connection.execute(delete(sessions).where(sessions.c.account_id == account_id))

    async def reset_password(self, password: str) -> Account:
        """Give the owner a new password and end all sessions: for the operator at the machine.

        Raises NoAccount and WeakPassword.
        """
        password_hash = await self._hash(check_password(password))
        async with writing(self.engine) as connection:
            row = (await connection.execute(select(accounts).where(accounts.c.role == "owner"))).first()
            if row is None:
                raise NoAccount
            mine = accounts.c.id == row.id
            await connection.execute(update(accounts).where(mine).values(password_hash=password_hash))
            await connection.execute(delete(sessions).where(sessions.c.account_id == row.id))
            await connection.execute(delete(sign_in_failures))
        return Account(id=row.id, name=row.name)

    async def _check_setup_link(self, token: str) -> None:
        """Before any costly hashing. Raises AlreadySetUp and SetupLinkInvalid."""
        async with reading(self.engine) as connection:
            if await _has_owner(connection):
                raise AlreadySetUp
            link = select(setup_links).where(setup_links.c.token_hash == session.token_hash(token))
            if (await connection.execute(link)).first() is None:
                raise SetupLinkInvalid

    async def _count_attempt(self, counters: tuple[tuple[str, int], ...]) -> None:
        now = self.clock()
        async with writing(self.engine) as connection:
            await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.resets <= now))
            for key, limit in counters:
                row = (await connection.execute(_COUNT, {"key": key, "resets": now + attempts.WINDOW_S})).one()
                if row.failures > limit:
                    raise SignInLimited(retry_after_s=math.ceil(row.resets - now))

    async def _hash(self, password: str) -> str:
        async with self.hashing:
            return await asyncio.to_thread(self.hasher.hash, password)

    async def _is_right(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            await self._hash(password)
            return False
        try:
            async with self.hashing:
                return await asyncio.to_thread(self.hasher.verify, password_hash, password)
        except VerifyMismatchError:
            return False

    async def _begin(self, connection: AsyncConnection, account: Account) -> SignedIn:
        now, token = self.clock(), _new_token()
        signed_in = SignedIn(account=account, token=token, expires=session.ends_at(now))
        row = {"token_hash": session.token_hash(token), "account_id": account.id, "created": now}
        await connection.execute(insert(sessions).values(row | {"expires": signed_in.expires}))
        return signed_in

    def _row(self, account: Account, password_hash: str) -> dict[str, object]:
        row = {"id": account.id, "name": account.name, "name_key": name_key(account.name), "role": account.role}
        return row | {"password_hash": password_hash, "created": self.clock()}


async def _has_owner(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(select(func.count()).select_from(accounts)))


def _new_token() -> str:
    return secrets.token_urlsafe(session.TOKEN_BYTES)
