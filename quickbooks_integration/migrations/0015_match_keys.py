from itertools import islice

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from quickbooks_integration import mapping


def derive(apps, schema_editor):
    model = apps.get_model("quickbooks_integration", "QuickBooksCustomer")
    rows = model.objects.values_list("pk", "raw__BillAddr", "raw__ShipAddr").iterator(chunk_size=5_000)
    while some := list(islice(rows, 5_000)):
        houses = ((pk, mapping.place_keys(mapping.address(billing), mapping.address(shipping))) for pk, billing, shipping in some)
        model.objects.bulk_update(
            [model(pk=pk, place_keys=keys) for pk, keys in houses if keys], ["place_keys"], batch_size=1_000
        )


class Migration(migrations.Migration):

    dependencies = [
        ('quickbooks_integration', '0014_conflict_decisions'),
    ]

    operations = [
        migrations.CreateModel(
            name='FamilyName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('bits', models.FloatField(help_text='Fewer for a more frequent name.')),
            ],
            options={
                'ordering': ['bits', 'name'],
            },
        ),
        migrations.CreateModel(
            name='MatchingProgress',
            fields=[
                ('company', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='matching', serialize=False, to='quickbooks_integration.quickbooksauth', to_field='company_id')),
                ('until', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='quickbookscustomer',
            name='place_keys',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=240), db_default=[], default=list, size=None),
        ),
        migrations.RunPython(derive, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name='quickbookscustomer',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['place_keys'], name='quickbooks_customer_places'),
        ),
        migrations.AddIndex(
            model_name='quickbookscustomer',
            index=models.Index(condition=models.Q(('parent_id', ''), _negated=True), fields=['parent_id'], name='quickbooks_customer_jobs'),
        ),
        migrations.AddField(
            model_name='familyname',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='family_names', to='quickbooks_integration.quickbooksauth', to_field='company_id'),
        ),
        migrations.AddConstraint(
            model_name='familyname',
            constraint=models.UniqueConstraint(fields=('company', 'name'), name='family_name_once'),
        ),
    ]
