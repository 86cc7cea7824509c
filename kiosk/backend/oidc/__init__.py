"""Signing in by an issuer (OpenID Connect): whom an office's own sign-in service vouches for.

The file that says how staff sign in, the provider's documents and keys, the browser's way there and back, the checks of
the ID token. It says who somebody is at the issuer; whether that is an account of ours, and what it may do, is the
console's. Loaded where a file names an issuer, and the part that talks to it with the first who comes.
It never keeps, logs or puts into an address a token, a name or a subject.
"""
