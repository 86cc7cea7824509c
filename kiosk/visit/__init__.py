"""One citizen at the terminal: states, events, a table, a pure step, delays, a runner, and the wipe at the end."""
