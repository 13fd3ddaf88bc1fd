"""Internal trainings, customer education and enablement resources."""
