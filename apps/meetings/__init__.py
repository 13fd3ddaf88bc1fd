"""Series, occurrences, hosts and seats: the scheduling core of office hours and trainings."""
