"""The mark on a paper: a signed statement in its QR, which anyone can hold against a published list, without a line.

Makes and checks marks, reads the published list, judges a paper. It decides nothing about a case, keeps nothing, and
puts nothing of a person into a mark that the paper itself does not show.
"""
