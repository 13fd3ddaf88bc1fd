"""What every endpoint below /api/v1/ shares, so that each app's `api.py` holds only what is its own.

- `views`: `ApiView` for a single endpoint, `ApiViewSet` with `Listing`, `Retrieving`, `Creating`, `Changing`
  and `Removing` for objects. `self.actor` is who asks; hand it to services, which check what it may do.
- `problems`: every refusal becomes problem details (RFC 9457). Raise `core.errors`, build no error answers.
- `conditional`: `ETag`, `If-None-Match` and `If-Match` from a row's integer `version`.
- `idempotency`: `Idempotency-Key` on POST. Works by itself on every view.
- `pagination`: cursors, `limit` and `ordering` for lists.
- `fields`: serializer fields several apps need.
- `schema`: how all of this shows in the OpenAPI document.

A token's authentication answers `(user, Actor(kind="token", ...))`: `request.auth` is the actor itself, with
the token's scopes. For a person in a browser `request.auth` is None and the actor is made from the user.
"""
