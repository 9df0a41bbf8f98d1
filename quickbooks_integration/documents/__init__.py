"""QuickBooks' sales documents and ours, in one language. Pure: no partner, no query, nothing is written.

facts.py       what a document says, in dataclasses
reading.py     Intuit's JSON -> facts
projecting.py  facts, and our rows, -> the projection that the two sides are compared by
taking.py      facts -> columns of our rows
writing.py     our rows -> what is sent to Intuit
"""
