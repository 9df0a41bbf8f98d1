"""What every e-mail to the office has in common."""

END = "\n\nThis e-mail comes from the CRM by itself.\n"
