"""Maintenance mode: the desk, its rooms, and what they show."""
