"""Fixtures for the tests of people, tokens, inbox and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.accounts.models import User


@pytest.fixture
def member(db: None) -> User:
    from apps.accounts.models import User

    return User.objects.create_user("mia@example.com", name="Mia Rossi", zone="Europe/Rome")


@pytest.fixture
def administrator(db: None) -> User:
    from apps.accounts.models import User

    return User.objects.create_user("ada@example.com", name="Ada Admin", role="administrator")


@pytest.fixture
def browser() -> Callable[[User], Client]:
    """A signed-in browser of a person."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
