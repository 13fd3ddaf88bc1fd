"""Reading: sessions, people's time, who comes."""
