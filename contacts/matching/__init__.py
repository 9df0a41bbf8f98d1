"""Which contact is which customer: pure functions, no database, no partner.

normalise.py  one spelling for a phone, an e-mail, a name
names.py      what two names say about each other
candidates.py pairs that share a key, never all pairs
exact.py      decides the pairs that need no judgement; everything else is for a person
"""
