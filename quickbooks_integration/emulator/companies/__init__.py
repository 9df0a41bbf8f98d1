"""The companies that come with the emulator.

Each module has `build(seed, today)`, which returns an object of arrays keyed by entity name, the entities as the
QuickBooks API returns them (the same form as a company in a JSON file, except that amounts are Decimals). The same
seed and day give the same company.
"""
