"""Plays scripted citizens through the real window by touch. For the demo and the tests; a terminal never loads it."""
