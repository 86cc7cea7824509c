"""Citizens' pages, for a telephone without an app and without an account: how a case stands, papers handed in, the
answer to a rating read and one word added, is a paper genuine.

Every page works without a script. No address holds a person, a number of a document or a key; what a browser is let
see stands in a cookie of its own for half an hour. It never says whether a case exists to whoever cannot prove it.
"""
