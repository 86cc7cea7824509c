"""Supervision: failpoints, self-tests, readiness."""
