from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Value
from django.utils import timezone

from quickbooks_integration.fields import EncryptedTextField, UnreadableToken
from quickbooks_integration.models import QuickBooksAuth

ACCESS, REFRESH = "eyJ-the-access-token", "RT1-the-refresh-token"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return stored("1001")


def stored(company_id: str, **columns) -> QuickBooksAuth:
    now = timezone.now()
    values = {
        "company_id": company_id,
        "company_name": "Foundation Repair Inc.",
        "environment": "emulator",
        "access_token": ACCESS,
        "refresh_token": REFRESH,
        "expires_at": now,
        "refresh_expires_at": now,
        "refreshed_at": now,
        "connected_at": now,
    }
    return QuickBooksAuth.objects.create(**values | columns)


def tokens(pk: int) -> tuple[str, str]:
    found = QuickBooksAuth.objects.with_tokens().get(pk=pk)
    return found.access_token, found.refresh_token


def raw_row(table: str = "quickbooks_integration_quickbooksauth") -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {table}::text, encode(access_token, 'escape'), encode(refresh_token, 'escape') FROM {table}"
        )
        return repr(cursor.fetchall())


def test_the_database_holds_no_token(auth):
    assert ACCESS not in raw_row()
    assert REFRESH not in raw_row()
    assert ACCESS.encode().hex() not in raw_row()
    assert tokens(auth.pk) == (ACCESS, REFRESH)


def test_the_same_text_twice_is_not_the_same_in_the_database(auth):
    with connection.cursor() as cursor:
        QuickBooksAuth.objects.update(access_token="same", refresh_token="same")
        cursor.execute("SELECT access_token = refresh_token FROM quickbooks_integration_quickbooksauth")
        assert cursor.fetchone() == (False,)


def test_update_encrypts(auth):
    QuickBooksAuth.objects.update(access_token="a new one")

    assert tokens(auth.pk) == ("a new one", REFRESH)
    assert "a new one" not in raw_row()


def test_bulk_update_keeps_the_field_readable(auth):
    other = stored("1002", state="disconnected")
    auth.access_token, other.access_token = "first", "second"

    QuickBooksAuth.objects.bulk_update([auth, other], ["access_token", "company_name"])

    assert tokens(auth.pk) == ("first", REFRESH)
    assert tokens(other.pk) == ("second", REFRESH)
    assert "second" not in raw_row()


def test_bulk_update_of_other_columns_leaves_the_field_alone(auth):
    auth.company_name = "Another name"

    QuickBooksAuth.objects.bulk_update([auth], ["company_name"])

    assert tokens(auth.pk) == (ACCESS, REFRESH)


def test_an_f_expression_copies_the_field_as_it_is(auth):
    QuickBooksAuth.objects.update(access_token=F("refresh_token"))

    assert tokens(auth.pk) == (REFRESH, REFRESH)


def test_a_value_expression_is_encrypted(auth):
    QuickBooksAuth.objects.update(access_token=Value("plain", output_field=EncryptedTextField()))

    assert tokens(auth.pk)[0] == "plain"
    assert "plain" not in raw_row()


@pytest.mark.parametrize("expression", [Value("plain"), Value(b"plain")])
def test_the_database_refuses_plain_text_from_an_expression(auth, expression):
    with pytest.raises(IntegrityError, match="quickbooks_auth_tokens_encrypted"), transaction.atomic():
        QuickBooksAuth.objects.update(access_token=expression)

    assert tokens(auth.pk) == (ACCESS, REFRESH)


def test_bulk_create_and_upsert_encrypt(auth):
    auth.access_token = "after the upsert"

    QuickBooksAuth.objects.bulk_create(
        [auth], update_conflicts=True, unique_fields=["company_id"], update_fields=["access_token"]
    )

    assert tokens(auth.pk)[0] == "after the upsert"
    assert "after the upsert" not in raw_row()


def test_values_and_values_list_read_it(auth):
    assert list(QuickBooksAuth.objects.values_list("access_token", flat=True)) == [ACCESS]
    assert list(QuickBooksAuth.objects.values("refresh_token")) == [{"refresh_token": REFRESH}]


def test_text_of_every_kind_comes_back(auth):
    for text in ("", "ü€😀", "x" * 5000, "\0", "gAAAA-looks-like-a-token"):
        QuickBooksAuth.objects.update(access_token=text)
        assert tokens(auth.pk)[0] == text


def test_a_row_without_tokens_holds_empty_text(db):
    now = timezone.now()
    auth = QuickBooksAuth.objects.create(
        company_id="1",
        environment="emulator",
        expires_at=now,
        refresh_expires_at=now,
        refreshed_at=now,
        connected_at=now,
    )

    assert tokens(auth.pk) == ("", "")


@pytest.mark.parametrize("wrong", [b"bytes", 5, ["list"]])
def test_what_is_not_text_is_refused(auth, wrong):
    with pytest.raises(TypeError), transaction.atomic():
        QuickBooksAuth.objects.update(access_token=wrong)

    assert tokens(auth.pk) == (ACCESS, REFRESH)


@pytest.mark.parametrize(
    "condition",
    [
        {"access_token": ACCESS},
        {"access_token__exact": ACCESS},
        {"access_token__in": [ACCESS]},
        {"access_token__contains": "e"},
        {"access_token__startswith": "e"},
        {"access_token__gt": "e"},
        {"access_token__regex": "."},
        {"access_token": F("refresh_token")},
    ],
)
def test_it_cannot_be_looked_up(auth, condition):
    with pytest.raises(FieldError, match=r"encrypted|Unsupported lookup"):
        QuickBooksAuth.objects.filter(**condition).exists()


def test_a_lost_key_is_a_loud_error_and_never_a_value(auth, settings):
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(UnreadableToken, match="FERNET_KEYS"):
        QuickBooksAuth.objects.with_tokens().get()
    with pytest.raises(UnreadableToken):
        _ = QuickBooksAuth.objects.get().access_token
    with pytest.raises(UnreadableToken):
        list(QuickBooksAuth.objects.values_list("refresh_token"))


def test_a_lost_key_breaks_nothing_that_does_not_need_the_tokens(auth, settings):
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]

    found = QuickBooksAuth.objects.get()
    found.company_name = "Still works"
    found.save()

    assert QuickBooksAuth.objects.get().company_name == "Still works"


def test_saving_a_row_that_was_read_without_tokens_keeps_them(auth):
    found = QuickBooksAuth.objects.get()
    found.company_name = "Renamed"
    found.save()

    assert tokens(auth.pk) == (ACCESS, REFRESH)


@pytest.mark.parametrize("keys", [[], ["not a key"], ["ü"]])
def test_without_a_proper_key_nothing_is_stored(auth, settings, keys):
    settings.FERNET_KEYS = keys

    with pytest.raises(ImproperlyConfigured):
        QuickBooksAuth.objects.update(access_token="never")


def test_a_key_is_replaced_without_a_break(auth, settings):
    old, new = settings.FERNET_KEYS[0], Fernet.generate_key().decode()
    settings.FERNET_KEYS = [new, old]
    assert tokens(auth.pk) == (ACCESS, REFRESH)

    out = StringIO()
    call_command("rotate_keys", stdout=out)

    settings.FERNET_KEYS = [new]
    assert tokens(auth.pk) == (ACCESS, REFRESH)
    assert out.getvalue() == "Locked the tokens of 1 connection and 0 keys of second factors with the first key.\n"
    settings.FERNET_KEYS = [old]
    with pytest.raises(UnreadableToken):
        tokens(auth.pk)


def test_rotation_with_a_lost_key_says_so_and_changes_nothing(auth, settings):
    key = settings.FERNET_KEYS[0]
    before = raw_row()
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CommandError, match="FERNET_KEYS"):
        call_command("rotate_keys")

    settings.FERNET_KEYS = [key]
    assert raw_row() == before


def test_exports_and_printing_show_no_token(auth):
    out = StringIO()
    call_command("dumpdata", "quickbooks_integration", stdout=out)

    for text in (out.getvalue(), repr(auth), str(auth), repr(QuickBooksAuth.objects.all())):
        assert ACCESS not in text
        assert REFRESH not in text
    assert "Foundation Repair Inc." in out.getvalue()


def test_the_history_holds_no_token(auth):
    QuickBooksAuth.objects.update(state="disconnected", access_token="another")
    history = QuickBooksAuth.pgh_event_models["update"]

    assert history.objects.filter(pgh_label="update").count() == 1
    assert {field.name for field in history._meta.fields} & {"access_token", "refresh_token"} == set()
