"""The API of launches, their members, their plan's records and what happened to them."""
