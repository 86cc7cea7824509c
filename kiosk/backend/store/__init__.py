"""The backend's database: tables and the transactions on them, SQLAlchemy Core, SQLite by default.

Knows nothing of HTTP or of keys; what it keeps of a citizen is the sealed blob and nothing else.
"""
