"""Writing placements: `placing` one thing, `moving` an anchor and what hangs on it, `clock` for the tick."""
