"""Document scanners by SANE, through the program ``scanimage`` as a child that can be killed.

libsane calls block without any time limit and its backends crash; none of it runs in this process. A picture never
touches the disk, and half a page is never given out as a whole one.
"""
