"""OpenPhone, now Quo: what was said with people outside comes from there, and nothing is sent.

client.py     asks, at a pace that all workers share
pulling.py    reads what was said since the last time, again and again over the last day
receiving.py  the webhooks' address: proves the sender, stores, answers; events.py keeps what they tell
cleaning.py   takes card numbers, and what no database holds, out of what they tell
parsing.py    their JSON, of the interface, of new and of old webhooks, in our words

The interface is that of 2026-03-30. emulator/ is a small OpenPhone for tests and the demo; it imports nothing of ours.
"""
