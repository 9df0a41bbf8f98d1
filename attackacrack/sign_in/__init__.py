"""How people sign in: with django-allauth, by accounts that the office makes. Nobody signs up by themselves."""
