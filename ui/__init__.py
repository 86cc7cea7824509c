"""The window of the terminal: Qt Quick pages over immutable snapshots of the visit.

Does no input or output of its own, reads no clock in QML, keeps nothing of a visit once it is wiped.
Imports kiosk only.
"""
