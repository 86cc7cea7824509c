"""Staff access: roles, staff cards, one-time codes, lock-out."""
