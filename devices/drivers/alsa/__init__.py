"""Sound through ALSA: recordings to a loudspeaker or a headphone, by aplay as a child that can be killed.

Keeps nothing of what it plays and writes none of it to a file.
"""
