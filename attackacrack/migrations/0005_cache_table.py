from django.db import migrations

# What `manage.py createcachetable` makes; here, so that a deployment needs no step more than `migrate`.
MAKE = """
CREATE TABLE attackacrack_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX attackacrack_cache_expires ON attackacrack_cache (expires);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('attackacrack', '0004_audit_seals'),
    ]

    operations = [
        migrations.RunSQL(MAKE, "DROP TABLE attackacrack_cache"),
    ]
