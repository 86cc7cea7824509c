"""The voice: sentences that can be said become recordings, in a child process. It plays nothing and keeps nothing."""
