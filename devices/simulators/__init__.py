"""Wire-level twins of every device, with one control point. Never imported by a production run."""
