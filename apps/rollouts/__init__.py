"""Rollout steps, rollback criteria and the rollback procedure."""
