"""The reviewer's console: staff sign in, see what waits at their desk, judge cases; in any browser, also a telephone's.

Whoever acts is known by a session, may do what role, area and desk allow, and acts under a lock: two people never
decide one case. A case is opened for the page that shows it and for nothing else; what was sealed stays sealed on the
disk. Nothing here decides by itself, and no page names a person in its address.
"""
