from django.db import migrations


class Migration(migrations.Migration):
    """Who changed something, for the page Changes: the table is pghistory's own, so the index is not one of a model."""

    dependencies = [("attackacrack", "0006_outcomes"), ("pghistory", "0007_auto_20250421_0444")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX context_by_user ON pghistory_context ((metadata -> 'user'))"
            " WHERE (metadata -> 'user') IS NOT NULL",
            "DROP INDEX context_by_user",
        )
    ]
