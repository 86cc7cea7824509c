"""Code scanners on a serial line (real ones, or USB ones that appear as one): lines of bytes, and codes out of them.

What a code says is never logged and never kept: it goes to whoever asked for it, or is dropped.
"""
