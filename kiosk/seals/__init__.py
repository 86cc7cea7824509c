"""Seals on PDFs: a PAdES signature with a round seal to be seen, an SM2 signature beside the file, and how both are
checked.

Knows a seal's key only while it seals; where keys lie is the backend's (kiosk/backend/seal_keys.py). No terminal in a
street has one, no network is asked, nothing is kept here.
"""
