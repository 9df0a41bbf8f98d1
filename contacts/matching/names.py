"""What two names say about each other: the same person or firm, nothing, or somebody else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from rapidfuzz.distance import OSA

from contacts.matching import normalise

Words = tuple[str, ...]
# Shorter words are one slip of the finger away from too many others: Ann, Dan, Ian.
SHORTEST_MISSPELT = 4


class Names(StrEnum):
    AGREE = "agree"
    NEAR_FAMILY = "near family"  # the given name agrees, the family name but for one slip of the finger
    NEAR_GIVEN = "near given"  # the other way round; members of a family are often called alike
    SILENT = "silent"  # one side has no name
    CONTRADICT = "contradict"


# The better of two readings of a name counts.
_BEST_FIRST = (Names.AGREE, Names.NEAR_FAMILY, Names.NEAR_GIVEN)


class Named(Protocol):
    @property
    def first_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def display_name(self) -> str: ...


# Short forms that are the same first name. Compared after normalise.words().
SHORT_FORMS = [
    {"robert", "bob", "rob", "bobby"}, {"william", "bill", "will", "billy"}, {"james", "jim", "jimmy", "jamie"},
    {"michael", "mike", "mick"}, {"richard", "rick", "dick", "rich"}, {"thomas", "tom", "tommy"},
    {"joseph", "joe", "joey"}, {"daniel", "dan", "danny"}, {"elizabeth", "liz", "beth", "betty", "lizzie", "eliza"},
    {"katherine", "kathy", "kate", "katie", "kat"}, {"catherine", "cathy", "kate", "cat"}, {"kathleen", "kathy", "kate"},
    {"margaret", "peggy", "maggie", "meg", "marge"}, {"patricia", "pat", "patty", "trish", "tricia"},
    {"patrick", "pat", "paddy"}, {"steven", "steve"}, {"stephen", "steve"}, {"stephanie", "steph"},
    {"david", "dave"}, {"edward", "ed", "eddie", "ted", "ned"}, {"theodore", "ted", "theo"}, {"anthony", "tony"},
    {"christopher", "chris"}, {"christine", "chris", "chrissy"}, {"christina", "chris", "tina"},
    {"jennifer", "jen", "jenny"}, {"susan", "sue", "susie"}, {"suzanne", "sue", "susie"},
    {"deborah", "deb", "debbie"}, {"debra", "deb", "debbie"}, {"matthew", "matt"}, {"andrew", "andy", "drew"},
    {"kenneth", "ken", "kenny"}, {"gregory", "greg"}, {"timothy", "tim"}, {"nicholas", "nick"}, {"nicole", "nicki"},
    {"samuel", "sam", "sammy"}, {"samantha", "sam"}, {"benjamin", "ben", "benny"}, {"alexander", "alex"},
    {"alexandra", "alex", "sandra"}, {"ronald", "ron", "ronnie"}, {"donald", "don", "donnie"}, {"lawrence", "larry"},
    {"jeffrey", "jeff"}, {"geoffrey", "jeff", "geoff"}, {"gerald", "jerry", "gerry"}, {"jerome", "jerry"},
    {"raymond", "ray"}, {"charles", "charlie", "chuck"}, {"barbara", "barb"}, {"rebecca", "becky"},
    {"victoria", "vicky", "vicki", "tori"}, {"jacqueline", "jackie"}, {"judith", "judy"}, {"kimberly", "kim"},
    {"leonard", "len", "lenny"}, {"frederick", "fred"}, {"francis", "frank"}, {"franklin", "frank"},
    {"philip", "phil"}, {"phillip", "phil"}, {"douglas", "doug"}, {"peter", "pete"}, {"walter", "walt"},
    {"vincent", "vince", "vinny"}, {"jonathan", "jon"}, {"john", "jack", "johnny"}, {"joshua", "josh"},
    {"zachary", "zach", "zack"}, {"nathaniel", "nate", "nathan"}, {"abigail", "abby"}, {"pamela", "pam"},
    {"cynthia", "cindy"}, {"sandra", "sandy"}, {"dorothy", "dot", "dottie"}, {"virginia", "ginny"},
    {"valerie", "val"}, {"melissa", "missy"}, {"amanda", "mandy"}, {"allison", "ally"}, {"eugene", "gene"},
    {"arthur", "art"}, {"albert", "al", "bert"}, {"alfred", "al", "fred"}, {"henry", "hank"}, {"harold", "hal"},
    {"stanley", "stan"}, {"russell", "russ"}, {"mitchell", "mitch"}, {"terrence", "terry"}, {"theresa", "terry"},
    {"gabriel", "gabe"}, {"maureen", "mo"}, {"maxwell", "max"}, {"jacob", "jake"}, {"edwin", "ed"}, {"isaac", "ike"},
]  # fmt: skip
_GROUPS_OF: dict[str, set[int]] = {}
for _number, _group in enumerate(SHORT_FORMS):
    for _name in _group:
        _GROUPS_OF.setdefault(_name, set()).add(_number)

# What telephones and forms put in place of a name.
NOBODY = {
    "unknown", "caller", "wireless", "customer", "client", "contact", "lead", "new", "no", "name", "none", "na",
    "test", "anonymous", "cell", "phone", "number", "private", "mr", "mrs", "ms", "dr",
}  # fmt: skip
_SAYS_NOTHING = NOBODY | normalise.NOT_PART_OF_A_NAME | normalise.LEGAL_FORMS
# Father and son share name, house and telephone.
_GENERATIONS = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_IN_GENERATIONS = ("jr", "sr", "ii", "iv", "junior", "senior")  # letters of each of them, looked for more quickly
_GENERATION = re.compile(r"(?<![^\W_])(jr|junior|sr|senior|ii|iii|iv)(?![^\W_])", re.IGNORECASE)
# QuickBooks wants each name once among customers, vendors and employees, so a firm that is two of them is marked.
_APART_FROM_VENDOR = re.compile(
    r"(?:[(\[]\s*(?:c|v|cust|customer|vend|vendor|supplier|sub|subcontractor)\.?\s*[)\]]|[-\u2013,]\s*(?:customer|vendor|supplier))\s*$",
    re.IGNORECASE,
)
_LAST_OF_SUCH_A_MARK = frozenset(")]rR")  # looked at before: few names end so
_BETWEEN_PEOPLE = re.compile(r"\s*(?:&|\+|/|;|\band\b)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A name taken apart. people: from the name fields. perhaps: from a display name, which may be a firm's."""

    people: frozenset[Words]
    perhaps: frozenset[Words]
    titles: frozenset[str]
    generations: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.people or self.titles)


def compare(ours: Named, theirs: Named) -> Names:
    """Whether two sides can be the same person or firm. Symmetric.

    Different people of one firm, and different generations of one name, contradict each other.
    """
    if _are_written_alike(ours, theirs):
        return Names.AGREE
    one, other = _read(ours), _read(theirs)
    if not one or not other:
        return Names.SILENT
    if (person := _shared_person(one, other)) is not None:
        return person if one.generations == other.generations else Names.CONTRADICT
    if one.people and other.people:
        return Names.CONTRADICT
    return Names.AGREE if one.titles & other.titles else Names.CONTRADICT


def tell_vendor_apart(named: Named) -> bool:
    """Whether the name ends in a mark that keeps a customer and a vendor of one name apart: "Lee Roofing LLC (C)"."""
    texts = (named.display_name, named.company, named.last_name, named.first_name)
    marked = [text for text in texts if text.rstrip()[-1:] in _LAST_OF_SUCH_A_MARK]
    return any(_APART_FROM_VENDOR.search(text) is not None for text in marked)


def marks(named: Named) -> frozenset[str | int]:
    """Words, short forms and firms, quickly. Two without one in common are silent about each other, or contradict."""
    found: set[str] = set()
    for text in {_full_name(named), named.company, named.display_name}:
        words = normalise.all_words(text)
        found.update(words)
        found.add("".join(normalise.of_a_name(words)))
        if not text.isascii() or "'" in text or "`" in text:  # "Ann'and'Bob" is one word of a firm, but two people
            found.update(normalise.all_words(_BETWEEN_PEOPLE.sub(" ", text)))
    found.discard("")
    return frozenset[str | int](found).union(*(_GROUPS_OF[word] for word in found & _GROUPS_OF.keys()))


def _are_written_alike(ours: Named, theirs: Named) -> bool:
    """Most pairs, told at a glance: the same first and last name, and nothing about father or son."""
    if not ours.last_name or not ours.first_name:
        return False
    full = _full_name(ours).lower()
    if full != _full_name(theirs).lower() or not (_is_a_word_of_a_name(ours.first_name.lower()) or _words(full)):
        return False
    texts = "  ".join((full, ours.company, ours.display_name, theirs.company, theirs.display_name)).lower()
    return not any(letters in texts for letters in _IN_GENERATIONS) or _GENERATION.search(texts) is None


def _is_a_word_of_a_name(word: str) -> bool:
    """Told at a glance: whether `_words` finds a name in a text with this word. False is no answer."""
    return word.isascii() and word.isalpha() and word not in _SAYS_NOTHING


def _full_name(named: Named) -> str:
    return f"{named.first_name} {named.last_name}".strip()


def _read(named: Named) -> _Reading:
    full = _full_name(named)
    texts = (full, named.company, named.display_name)
    titles = [_title(text) for text in texts]
    return _Reading(
        people=people_in(full),
        perhaps=frozenset() if titles[2] in titles[:2] else people_in(named.display_name),
        titles=frozenset(filter(None, titles)),
        generations=frozenset(_GENERATIONS[found.lower()] for found in _GENERATION.findall(" ".join(texts))),
    )


def _title(text: str) -> str:
    """A firm's name in one word, so that blanks and full stops make no difference: "A.B. Smith, LLC" -> "absmith"."""
    return "".join(_words(text))


@lru_cache(maxsize=10_000)
def _words(text: str) -> Words:
    """The words of a name; () for a bare number and for "Unknown caller"."""
    found = normalise.words(text)
    if all(word in NOBODY for word in found) or not any(character.isalpha() for word in found for character in word):
        return ()
    return found


def people_in(text: str) -> frozenset[Words]:
    """Everybody whom a name field names: "Bob & Ann Smith" -> Bob Smith, Ann Smith; "Smith, Bob & Ann" the same."""
    family, comma, given = text.partition(",")
    if comma and _words(given) and "," not in given:
        last = _words(family)
        parts = [part for part in map(_words, _BETWEEN_PEOPLE.split(given)) if part]
        return frozenset(part + last for part in parts)
    if _BETWEEN_PEOPLE.search(text) is None:
        return frozenset(filter(None, [_words(text)]))
    parts = [part for part in map(_words, _BETWEEN_PEOPLE.split(text)) if part]
    return frozenset(_with_family_names(parts)) if len(parts) > 1 else frozenset(parts)


def _with_family_names(parts: list[Words]) -> list[Words]:
    """A lone first name of a couple gets the family name of the next, else of the one before."""
    full = [position for position, part in enumerate(parts) if len(part) > 1]
    if not full:
        return []  # "Smith & Sons": nobody in particular
    complete = []
    for position, part in enumerate(parts):
        if len(part) == 1:
            nearest = next((other for other in full if other > position), full[-1])
            part = (*part, parts[nearest][-1])
        complete.append(part)
    return complete


def _shared_person(one: _Reading, other: _Reading) -> Names | None:
    """At least one side must be known to be a person: two display names may be two firms."""
    pairs = [(a, b) for a in one.people for b in other.people | other.perhaps]
    pairs += [(a, b) for a in one.perhaps for b in other.people]
    found = {likeness(a, b) for a, b in pairs}
    return next((name for name in _BEST_FIRST if name in found), None)


def agree_in_the_family_name_only(ours: Named, theirs: Named) -> bool:
    """Of two whose names agree: whether one side tells no more of a given name than an initial. Then whoever lives in the
    house may be meant."""
    return any(_has_no_given_name(one, other) for one, other in ((ours, theirs), (theirs, ours)))


def _has_no_given_name(named: Named, other: Named) -> bool:
    """A name in one word is a family name where it stands as one, or where it is the other's."""
    if named.last_name and not named.first_name:
        people = people_in(named.last_name)
        return bool(people) and all(len(words) == 1 or _is_initials(words[:-1]) for words in people)
    full = _full_name(named)
    if not full and named.company:
        return False
    people = people_in(full or named.display_name)
    return bool(people) and all(
        _is_initials(words[:-1]) if len(words) > 1 else words[0] in _last_words(other) for words in people
    )


def _is_initials(words: Words) -> bool:
    return all(len(word) == 1 for word in words)


def _last_words(named: Named) -> set[str]:
    return {words[-1] for words in people_in(_full_name(named)) if len(words) > 1}


def same_person(one: Words, other: Words) -> bool:
    return likeness(one, other) is Names.AGREE


def likeness(one: Words, other: Words) -> Names:
    """Every word of the shorter name has a word of its own in the longer one, and one of them is more than an initial;
    one of the words may be misspelt. Order doesn't matter: first and last name are often swapped. Symmetric."""
    if one == other:
        return Names.AGREE
    shorter, longer = sorted((one, other), key=lambda words: (len(words), words))
    left, right = sorted(shorter), sorted(longer)
    spelled_out, by_their_initial = 0, False
    for same in (_equal, _short_form, _initial):
        for word in list(left):
            partner = next((candidate for candidate in right if same(word, candidate)), None)
            if partner is not None:
                left.remove(word)
                right.remove(partner)
                spelled_out += same is not _initial and len(word) > 1
                by_their_initial = by_their_initial or len(partner) == 1 < len(word)
    if by_their_initial and any(len(word) > 1 for word in right):
        return Names.CONTRADICT  # "Amy R. Smith" is called Amy: the initial is not Ruth's
    if not left:
        return Names.AGREE if spelled_out else Names.CONTRADICT
    if len(left) > 1 or not spelled_out:
        return Names.CONTRADICT
    misspelt = [word for word in right if _one_slip(left[0], word)]
    if not misspelt:
        return Names.CONTRADICT
    is_family = left[0] == shorter[-1] or misspelt[0] == longer[-1]
    return Names.NEAR_FAMILY if is_family else Names.NEAR_GIVEN


def _one_slip(one: str, other: str) -> bool:
    """One letter too many, too few, another, or two exchanged; hardly anybody misses the first."""
    if min(len(one), len(other)) < SHORTEST_MISSPELT or one[0] != other[0]:
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


def resemble(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether a word of one is a word of the other, but for one slip."""
    theirs = list(other)
    return any(word == another or _one_slip(word, another) for word in one for another in theirs)


def _equal(one: str, other: str) -> bool:
    return one == other


def _short_form(one: str, other: str) -> bool:
    return bool(_GROUPS_OF.get(one, set()) & _GROUPS_OF.get(other, set()))


def _initial(one: str, other: str) -> bool:
    return 1 in (len(one), len(other)) and one[:1] == other[:1]
