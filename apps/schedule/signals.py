"""What happens to placements, announced inside the transaction to apps above."""

from django.dispatch import Signal

# sender: Placement; placement: Placement, actor: Actor, state: str (planned, done, cancelled)
placement_finished = Signal()
