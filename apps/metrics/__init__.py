"""Metric definitions, baselines, targets and measurements."""
