from itertools import islice

from django.db import migrations, models

import contacts.fields
from contacts.matching import normalise


def derive(apps, schema_editor):
    model = apps.get_model("contacts", "ContactAddress")
    rows = model.objects.exclude(street="").only("street", "zip_code", "key").iterator(chunk_size=5_000)
    while some := list(islice(rows, 5_000)):
        houses = []
        for row in some:
            row.key = normalise.place(row.street, row.zip_code)
            if row.key:
                houses.append(row)
        model.objects.bulk_update(houses, ["key"], batch_size=1_000)


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0008_without_card_numbers'),
    ]

    operations = [
        migrations.AddField(
            model_name='contactaddress',
            name='key',
            field=contacts.fields.HouseKey(blank=True, db_default='', default='', editable=False, help_text='Finds the house however it is spelled, "" when it is no house.', max_length=240),
        ),
        migrations.RunPython(derive, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name='contactaddress',
            index=models.Index(condition=models.Q(('key', ''), _negated=True), fields=['key'], name='contact_address_key'),
        ),
    ]
