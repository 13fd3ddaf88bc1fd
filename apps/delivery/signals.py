"""What happens to messages, announced inside the transaction to apps above (DESIGN 3).

A receiver makes one service call; an exception in it undoes the change.
"""

from django.dispatch import Signal

# sender: Delivery; delivery: Delivery (its mailing loaded), actor: Actor. The recipient answered, for the first
# time; machines' answers are not announced.
delivery_answered = Signal()

# sender: Mailing; mailing: Mailing, reason: str. It paused itself: somebody has to look.
mailing_held = Signal()
