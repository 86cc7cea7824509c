"""One package per device family: protocol.py (codec), driver.py, __main__.py (bench tool), QUALITY.toml."""
