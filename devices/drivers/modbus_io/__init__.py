"""IO boards by Modbus RTU: doors, tamper contact, presence, headphone and help button in; guide lights out.

``protocol`` and ``link`` know Modbus and no board; the locker's driver speaks through them too.
"""
