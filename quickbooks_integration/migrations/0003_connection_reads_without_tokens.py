from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("quickbooks_integration", "0002_mirror_columns")]

    operations = [
        migrations.AlterModelOptions(
            name="quickbooksauth",
            options={
                "base_manager_name": "objects",
                "permissions": [
                    ("connect_quickbooks", "Can connect and disconnect QuickBooks"),
                    ("sync_quickbooks", "Can start a sync with QuickBooks"),
                ],
                "verbose_name": "QuickBooks connection",
            },
        ),
        migrations.RemoveField(model_name="quickbooksauth", name="last_call_at"),
    ]
