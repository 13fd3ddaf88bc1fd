"""The demonstration in the database of a browser test: made once per process, copied back for every further test.

A browser test commits, so its tables are emptied afterwards. Making the demonstration takes seconds, copying its rows
takes tenths of one.
"""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import override_settings

SCHEMA = "kept_demonstration"
HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def bring_demonstration() -> None:
    """Fill the emptied database with what `make_demo` makes. Its people have confirmed their zones."""
    if _is_kept():
        _copy_back()
        return
    from apps.accounts.models import User
    from apps.portal.demo import make_demo

    with override_settings(PASSWORD_HASHERS=HASHERS):
        make_demo("only-for-tests")
    User.objects.update(zone_confirmed=True)
    _keep()


def _tables() -> list[str]:
    return [
        name
        for name in connection.introspection.django_table_names(only_existing=True)
        if name != "django_migrations"
    ]


def _is_kept() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA])
        return cursor.fetchone() is not None


def _keep() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for table in _tables():
            cursor.execute(f'CREATE TABLE {SCHEMA}."{table}" AS TABLE public."{table}"')


def _copy_back() -> None:
    tables = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        # Rows come back as they were: no trigger looks at them, and no key at their order.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("TRUNCATE {}".format(", ".join(f'public."{table}"' for table in tables)))
        for table in tables:
            cursor.execute(f'INSERT INTO public."{table}" SELECT * FROM {SCHEMA}."{table}"')
        cursor.execute(
            """
            SELECT format('SELECT setval(%%L, coalesce(max(%%I), 1)) FROM public.%%I', s.name, a.attname, c.relname)
              FROM pg_class c
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
              CROSS JOIN LATERAL (SELECT pg_get_serial_sequence('public.' || quote_ident(c.relname), a.attname)) s(name)
             WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace
            """,
            [tables],
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    ContentType.objects.clear_cache()
