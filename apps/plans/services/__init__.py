"""Writing plans: `documents` reads one, `apply` makes a launch of it, `export` writes it, `versions` keep it."""
