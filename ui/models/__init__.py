"""List models that tell the view the least that changed."""
