"""What people type about launches, checked for type: of a launch, and of records of its plan."""
