"""Between a plan's facts, as the reader names them, and the columns and facets of the portal's records."""
