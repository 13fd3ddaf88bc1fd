"""Which column of a file is which field: proposed by name, and rows made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from apps.audience.attributes import NAME
from apps.audience.rules.tree import FIELDS
from apps.audience.services.rows import Row, guessed, read
from apps.audience.services.upserting import Target
from apps.core.errors import Invalid

PREFIX = "attributes."
# What other systems call our fields, without spaces, signs and capitals.
_ALIASES = {
    "external_id": {"id", "accountid", "customerid", "organizationid", "organisationid", "orgid", "externalid",
                    "userid", "slug"},
    "name": {"name", "accountname", "account", "company", "companyname", "customer", "organization",
             "organisation", "fullname", "contactname"},
    "plan": {"plan", "tier", "subscription", "edition", "package"},
    "value": {"value", "arr", "acv", "annualvalue", "revenue", "contractvalue", "annualrecurringrevenue"},
    "health": {"health", "healthscore", "status"},
    "csm": {"csm", "csmemail", "customersuccessmanager", "ownedby", "accountowner", "owner", "owneremail"},
    "account": {"account", "accountid", "organizationid", "organisationid", "orgid", "customerid", "company"},
    "email": {"email", "emailaddress", "mail", "e-mail"},
    "role": {"role", "title", "jobtitle", "position"},
    "zone": {"zone", "timezone", "tz"},
    "language": {"language", "locale", "lang"},
    "is_active": {"active", "isactive", "subscribed", "enabled"},
}  # fmt: skip


def fields_of(target: Target) -> list[str]:
    """What a column can be, apart from attributes."""
    return [name for name in target.checks if name != "attributes"]


def propose(target: Target, headers: Sequence[str]) -> dict[str, str]:
    """{header: field} by their names; what is none of ours becomes an attribute where there are any."""
    taken: set[str] = set()
    proposed: dict[str, str] = {}
    for exact in (True, False):
        for header in headers:
            plain = re.sub(r"[^a-z0-9]", "", header.casefold())
            for field in fields_of(target):
                known = {field.replace("_", "")} if exact else _ALIASES.get(field, set())
                if header not in proposed and field not in taken and plain in known:
                    proposed[header] = field
                    taken.add(field)
    if "attributes" in target.checks:
        for header in headers:
            if header not in proposed:
                name = PREFIX + attribute_name(header)
                if name not in taken and name != PREFIX:
                    proposed[header] = name
                    taken.add(name)
    return {header: proposed.get(header, "") for header in headers}


def attribute_name(header: str) -> str:
    """A header as the name of an attribute: "Number of seats" is number_of_seats. Empty if nothing is left."""
    name = re.sub(r"[^a-z0-9]+", "_", header.casefold()).strip("_")[:60]
    if name and not name[0].isalpha():
        name = f"a_{name}"[:60]
    return f"{name}_" if name in FIELDS else name


def check_mapping(target: Target, headers: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping for exactly these headers. Raises `Invalid` for what cannot be or is missing."""
    unknown = set(mapping) - set(headers)
    if unknown:
        raise Invalid(f"The file has no column “{min(unknown)[:60]}”.", field="mapping")
    taken: dict[str, str] = {}
    for header in headers:
        field = mapping.get(header, "")
        if not field:
            continue
        attribute = field.removeprefix(PREFIX) if field.startswith(PREFIX) else None
        if attribute is None and field not in fields_of(target):
            raise Invalid(f"“{field[:60]}” is no field of these rows.", field="mapping")
        if attribute is not None and (
            "attributes" not in target.checks or not NAME.fullmatch(attribute) or attribute in FIELDS
        ):
            raise Invalid(
                f"“{attribute[:60]}” cannot be an attribute's name: small letters, digits and _.",
                field="mapping",
            )
        if field in taken:
            raise Invalid(f"“{taken[field][:60]}” and “{header[:60]}” are both {field}.", field="mapping")
        taken[field] = header
    for name in target.key:
        if name not in taken:
            raise Invalid(f"Say which column is {name}: rows are found by it.", field="mapping")
    return {header: mapping.get(header, "") for header in headers}


def row_of(target: Target, headers: Sequence[str], mapping: Mapping[str, str], cells: Sequence[str]) -> Row:
    """One line of the file as a checked row; its errors are told by the file's own column names."""
    if len(cells) != len(headers):
        row = Row()
        row.errors[""] = [f"{len(cells)} cells where the header has {len(headers)}."]
        return row
    given: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for header, cell in zip(headers, cells, strict=True):
        field = mapping.get(header, "")
        if field.startswith(PREFIX):
            attributes[field.removeprefix(PREFIX)] = guessed(cell)
        elif field:
            given[field] = cell
    if attributes:
        given["attributes"] = attributes
    return read(given, target.checks)
