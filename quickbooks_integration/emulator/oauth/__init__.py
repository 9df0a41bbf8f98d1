"""Signing in: grants.py keeps who may do what, endpoints.py answers, pages.py shows the consent page."""
