"""The schema, step by step: ``NNNN_name.sql``, applied in order by schema.py, never changed once shipped."""
