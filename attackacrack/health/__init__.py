"""Whether everything that works in the background still does, and who is told when it does not.

signs.py      what is alive leaves a sign
facts.py      reads when each thing was last seen
silence.py    what is too long ago, in sentences; pure
alarm.py      looks, keeps each silence from its beginning to its end, mails the office
looking.py    the same from the web process, and what stands above each page
readiness.py  whether this process and what it needs can work
answering.py  /healthz and /readyz
"""
