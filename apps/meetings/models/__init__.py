"""Series, their sessions, who hosts and who comes."""

from apps.meetings.models.bookings import Booking, Question, Vote
from apps.meetings.models.hosting import Absence, Hosting, Swap
from apps.meetings.models.letters import Letter, LetterRound
from apps.meetings.models.series import Occurrence, Series

__all__ = [
    "Absence",
    "Booking",
    "Hosting",
    "Letter",
    "LetterRound",
    "Occurrence",
    "Question",
    "Series",
    "Swap",
    "Vote",
]
