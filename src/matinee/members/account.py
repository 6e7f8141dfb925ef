"""An account: who may sign in, under what name, with what password. Pure."""

from __future__ import annotations

import unicodedata
from typing import Literal

import msgspec

from matinee.base.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated

NAME_MAX_CHARACTERS = 64  # fits every place that shows a name
PASSWORD_MIN_CHARACTERS = 8  # NIST SP 800-63B 5.1.1.2
PASSWORD_MAX_CHARACTERS = 1_024  # bounds the work that a stranger can ask of the password hash


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can sign in; the owner may do everything."""

    id: str
    name: str
    role: Literal["owner"] = "owner"


class BadName(Invalid):
    """The name cannot be an account's name."""

    code = "bad_name"


class WeakPassword(Invalid):
    """The password does not keep the rules."""

    code = "weak_password"


class WrongPassword(Unauthenticated):
    """The name or the password is wrong; which of them, is not told."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("the name or the password is wrong; the operator can set a new one with `matinee password`")


class NotSignedIn(Unauthenticated):
    """No session came with the request, or it has ended."""

    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("nobody is signed in, or the session has ended; sign in again")


class SignInLimited(TooMany):
    """Too many failed attempts to sign in, under one name or from one address."""

    code = "sign_in_limited"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many failed attempts to sign in; try again in {retry_after_s} s", retry_after_s)


class SetupLinkInvalid(Forbidden):
    """The first-run link is not the newest one."""

    code = "setup_link_invalid"

    def __init__(self) -> None:
        super().__init__("this set-up link is not valid; open the one that `matinee up` printed last")


class AlreadySetUp(Conflict):
    """There is an owner already, so there is nothing to set up."""

    code = "already_set_up"

    def __init__(self) -> None:
        super().__init__("the owner's account exists already; sign in with it, or reset it with `matinee password`")


class NoAccount(NotFound):
    """There is no account yet whose password could be set."""

    code = "no_account"

    def __init__(self) -> None:
        super().__init__("there is no account yet; open the set-up link that `matinee up` prints")


def clean_name(name: str) -> str:
    """`name` as it is kept and shown: NFKC, without blanks around it. Raises BadName."""
    clean = unicodedata.normalize("NFKC", name).strip()
    if not 1 <= len(clean) <= NAME_MAX_CHARACTERS:
        raise BadName(f"a name has 1 to {NAME_MAX_CHARACTERS} characters; this one has {len(clean)}")
    if not clean.isprintable():
        raise BadName("a name may not contain control characters")
    return clean


def name_key(name: str) -> str:
    """What two spellings of one name share: `Ada` and `ADA` are the same person."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def clean_password(password: str) -> str:
    """`password` as it is hashed: NFKC, so that every keyboard spells it alike (NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str) -> str:
    """A new password, cleaned, if it keeps the rules. Raises WeakPassword."""
    clean = clean_password(password)
    if len(clean) < PASSWORD_MIN_CHARACTERS:
        raise WeakPassword(f"a password has at least {PASSWORD_MIN_CHARACTERS} characters; this one has {len(clean)}")
    if len(clean) > PASSWORD_MAX_CHARACTERS:
        raise WeakPassword(f"a password has at most {PASSWORD_MAX_CHARACTERS} characters; this one has {len(clean)}")
    return clean
