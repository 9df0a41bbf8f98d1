"""Where both sides changed the same field: what is asked, what is decided, and the way back.

policies.py  who wins without being asked, by kind and field
recording.py a decision about locked rows, and the record of it; also what a policy decides at once
deciding.py  the verb of a person
undoing.py   takes a decision back
listing.py   the open questions, in words
shapes.py    which questions are alike
batches.py   one answer for many of them
"""
