"""Content in, papers out: the receipt, the licence, and the signature as material.

What is printed here says what holds and what comes later. It never prints a box for a character that no font
has, never writes to disk, and never runs in the terminal's main process: a child renders (worker.py).
"""
