"""Supervision by results: what came of the cases, where visits break off, which cases are looked at once more, which
data look made up.

Works on a row of facts for each case, without personal data, made from what the backend holds already: nobody fills in
a form to prove work. Everything here is reckoned from those rows by published methods; a suspicion is an occasion to
look, never a verdict, and never changes a case.
"""
