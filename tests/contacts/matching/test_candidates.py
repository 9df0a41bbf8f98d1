from hypothesis import given
from hypothesis import strategies as st

from contacts.matching.candidates import SHARED_BY_TOO_MANY, Index, Person, SharedKeys, pairs

NUMBER, OTHER = "+16175550123", "+15085550199"


def found(contacts: list[Person], customers: list[Person]) -> dict:
    return pairs(Index(contacts), Index(customers))


def test_a_pair_shares_a_phone_or_an_email_in_any_place() -> None:
    contacts = [Person(1, phones=(OTHER, NUMBER)), Person(2, emails=("ann@example.com",)), Person(3, phones=("+1",))]
    customers = [Person("a", phones=(NUMBER,)), Person("b", emails=("bob@example.com", "ann@example.com"))]
    assert found(contacts, customers) == {
        (1, "a"): SharedKeys((NUMBER,), ()),
        (2, "b"): SharedKeys((), ("ann@example.com",)),
    }


def test_a_key_that_is_listed_twice_is_one_reason() -> None:
    assert found([Person(1, phones=(NUMBER, NUMBER))], [Person("a", phones=(NUMBER, NUMBER))]) == {
        (1, "a"): SharedKeys((NUMBER,), ())
    }


def test_a_number_that_many_customers_share_says_nothing() -> None:
    customers = [Person(f"c{number}", phones=(NUMBER,)) for number in range(SHARED_BY_TOO_MANY)]
    assert found([Person(1, phones=(NUMBER,))], customers) == {}
    assert len(found([Person(1, phones=(NUMBER,))], customers[1:])) == SHARED_BY_TOO_MANY - 1


def test_a_number_that_many_contacts_share_says_nothing() -> None:
    contacts = [Person(number, phones=(NUMBER,)) for number in range(SHARED_BY_TOO_MANY)]
    assert found(contacts, [Person("a", phones=(NUMBER,))]) == {}


def test_a_number_that_says_nothing_is_no_reason_beside_an_email_that_does() -> None:
    customers = [Person(f"c{number}", phones=(NUMBER,)) for number in range(SHARED_BY_TOO_MANY)]
    customers.append(Person("a", phones=(NUMBER,), emails=("ann@example.com",)))
    contact = Person(1, phones=(NUMBER,), emails=("ann@example.com",))
    assert found([contact], customers) == {(1, "a"): SharedKeys((), ("ann@example.com",))}


def test_jobs_count_as_their_parent() -> None:
    parent = Person("p", phones=(NUMBER,))
    jobs = [Person(f"j{number}", phones=(NUMBER,), family="p", is_job=True) for number in range(9)]
    assert len(found([Person(1, phones=(NUMBER,))], [parent, *jobs])) == 10


KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=3).map(tuple)


@given(st.lists(KEYS, max_size=12), st.lists(KEYS, max_size=12))
def test_pairs_are_those_that_comparing_all_with_all_would_find(ours: list, theirs: list) -> None:
    contacts = [Person(number, phones=keys) for number, keys in enumerate(ours)]
    customers = [Person(number, phones=keys) for number, keys in enumerate(theirs)]

    def telling(key: str) -> bool:
        return all(sum(key in keys for keys in side) < SHARED_BY_TOO_MANY for side in (ours, theirs))

    expected = {
        (one.id, other.id): SharedKeys(tuple(shared), ())
        for one in contacts
        for other in customers
        if (shared := sorted(filter(telling, set(one.phones) & set(other.phones))))
    }
    assert found(contacts, customers) == expected
