"""People, teams, sign-in, API tokens and the notifications inbox."""
