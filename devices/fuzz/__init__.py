"""Hostile bytes for every codec: seeded, bounded, reproducible. For developers and CI, never part of a production run.

Whatever a device, a card or a network sends, a codec answers with a value or with its own typed error, in bounded time
and memory. Here that promise is tried with random bytes, spoilt golden frames, truncations and lying lengths.
"""
