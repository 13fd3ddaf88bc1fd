"""What happens to launches, announced inside the transaction to apps above (DESIGN 3).

A receiver makes one service call; an exception in it undoes the change.
"""

from django.dispatch import Signal

# sender: the record's model; record: LaunchRecord, actor: Actor, created: bool
record_changed = Signal()

# sender: the record's model; record: LaunchRecord (still stored), actor: Actor
record_removed = Signal()

# sender: Launch; launch: Launch, actor: Actor, old: str, new: str (states)
launch_state_changed = Signal()

# sender: Launch; launch: Launch, actor: Actor, changes: {field: [old, new]}. Anchors moved, zone changed.
launch_dates_changed = Signal()
