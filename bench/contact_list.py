"""The list of contacts at 100,000 rows: time on the server and queries, for the list and for searches in any format."""

import io
import sys

from bench import contact_files, timing
from bench.database import scratch_database

CONTACTS, ROUNDS = 100_000, 20
SEARCHES = {
    "name": "Family4242",
    "two words": "Given42 Family42",
    "phone": "(200) 205-1234",
    "last digits": "205-1234",
    "e-mail": "person4242@example.com",
    "street": "142 Street1142",
    "nothing found": "zzzzzz",
}


def main() -> None:
    with scratch_database():
        from django.contrib.auth.models import User
        from django.test import Client
        from django.urls import reverse

        from contacts import importing

        importing.run(io.BytesIO(contact_files.csv_bytes(CONTACTS)), filename="bench.csv")
        analyse()
        client = Client()
        client.force_login(User.objects.create_superuser("bench", password="bench"))
        url = reverse("admin:contacts_contact_changelist")
        show("list", client, url, {}, 500)
        for name, words in SEARCHES.items():
            show(f"search by {name}", client, url, {"q": words}, 1000)


def analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def show(name: str, client, url: str, parameters: dict[str, str], aim: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = client.get(url, parameters)
        asked = len(queries)
    assert response.status_code == 200, response.status_code
    times = [timing.seconds(lambda: client.get(url, parameters)) for _ in range(ROUNDS)]
    median, slow = timing.percentile(times, 50) * 1000, timing.percentile(times, 95) * 1000
    sys.stdout.write(
        f"{name} in {CONTACTS:,} contacts: p50 {median:.0f} ms, p95 {slow:.0f} ms (aim: under {aim}), {asked} queries\n"
    )


if __name__ == "__main__":
    main()
