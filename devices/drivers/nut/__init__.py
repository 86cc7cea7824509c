"""A UPS by Network UPS Tools (NUT): asks upsd what it knows. Never logs in, never commands the UPS."""
