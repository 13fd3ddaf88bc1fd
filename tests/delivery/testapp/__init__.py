"""A source of mailings for tests, as the apps above delivery would register theirs."""
