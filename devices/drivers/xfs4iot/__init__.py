"""The vendor-neutral door to ATM-class devices: a client of XFS4IoT services (CEN CWA 17852), JSON over WebSocket.

Speaks to a vendor's service publisher; loads no vendor library, keeps no card data, and never logs what a message says.
"""
