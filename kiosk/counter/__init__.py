"""The counter (柜台): where a visit's effects meet devices, journal and papers, and their answers become events.

Never steps the visit itself, never blocks the core loop, never keeps anything of a citizen beyond the visit.
"""
