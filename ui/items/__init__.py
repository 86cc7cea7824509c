"""The two items that draw themselves: the signature and the camera's picture."""
