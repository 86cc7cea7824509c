"""Where this terminal's own secrets lie: `journal.key`, which opens the journal, and `terminal.key`, which signs.

A secret lies in its folder in one of three forms, told apart by the file's name, so that whoever has the folder alone
(`kiosk doctor`, `kiosk log verify`) knows where to ask:

    NAME            file        the secret itself, 0600: protects a discarded disk, not a copied one
    NAME.wrapped    credential  encrypted under the credential ``kiosk.key`` that systemd hands to the service
    NAME.tpm        tpm         sealed by this machine's TPM 2.0, to nobody but it

`store` moves them between forms so that a kill at any moment leaves at least one whole form. Never here: what a secret
is good for, the backend's keys, or anything of a citizen's.
"""
