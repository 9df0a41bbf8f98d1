"""QuickBooks tells us that something changed there. It says that, not what: the object is read again.

receiving    the address: proves the sender, stores the bytes, answers
parsing      which objects of which company a body names, in both of Intuit's formats
strangers    what a flood of unsigned requests may cost
processing   a worker has these objects read
"""
