"""The backend's pages for browsers: what staff and citizens' telephones are shown. Rendered here; no script is needed.

Here is what all of them share: one request and its answer, forms that no other site can send, headers, words in both
languages, the look. What stands on the pages is made by the rooms beside it (``ROOMS`` in site.py). Loaded only where
`kiosk backend --console` asks for it. It never puts a person into an address, a log or a file.
"""
