"""Pages across apps: home, launch overview, ruler, search, command palette."""
