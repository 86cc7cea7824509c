"""Staff access: one-time codes and lock-out."""
