"""Departments: each gets every case in its own format, nobody types it twice, and its result comes back.

A connector is a table of the operator's file (config.py): which cases, by which mapping (mapping.py), over which line
(tables of the department's PostgreSQL, HTTP, a folder). What a case says is a list of names (view.py); a mapping makes
rows of it (rows.py); what would be refused is found before it is sent, with its reason (checking.py). What is to be
sent is a row in the store that is never lost, in the order of each case's life (work.py, kiosk/backend/store); what
comes back is matched by its case number and done through the case's life (results.py).

Nothing here decides a case, and nothing a citizen said lies in the store in clear. Imported only where a backend has
connectors, or an operator asks about them.
"""
