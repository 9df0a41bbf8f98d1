"""How well people are matched: labelled data with the noise of real lists, and what comes of it.

names.py       first and last names, frequent and rare
people.py      invented people, and how two clerks write the same person down
situations.py  what happens in real lists, each with the answer that is right
measuring.py   precision, recall and who is asked without need
"""
