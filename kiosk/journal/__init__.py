"""One encrypted SQLite file: cases, outbox, materials, audit chain. One writer, one fsync per commit.

A power cut at any moment leaves either no case or a whole case. What identifies a person is sealed before it
comes here (to the backend's public key, or to the person's own document); this room never sees it in clear,
never deletes a damaged file, never resets one whose schema is old, and never talks to the network.
"""
