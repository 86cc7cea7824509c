"""What the terminal costs, measured side by side with a reference in the same run.

Never compares with a figure from another day or machine, and never runs inside a terminal that serves people.
"""
