"""First and last names as frequent as in the United States: a few very common ones, and a long tail of rare ones."""

from random import Random

FIRST = (
    "James", "Robert", "John", "Michael", "David", "William", "Richard", "Joseph", "Thomas", "Christopher", "Charles",
    "Daniel", "Matthew", "Anthony", "Mark", "Donald", "Steven", "Andrew", "Paul", "Joshua", "Kenneth", "Kevin", "Brian",
    "Timothy", "Ronald", "George", "Jason", "Edward", "Jeffrey", "Ryan", "Jacob", "Nicholas", "Gary", "Eric", "Jonathan",
    "Stephen", "Larry", "Justin", "Scott", "Brandon", "Benjamin", "Samuel", "Gregory", "Alexander", "Patrick", "Frank",
    "Raymond", "Jack", "Dennis", "Jerry", "Mary", "Patricia", "Jennifer", "Linda", "Elizabeth", "Barbara", "Susan",
    "Jessica", "Karen", "Sarah", "Lisa", "Nancy", "Sandra", "Ashley", "Emily", "Kimberly", "Margaret", "Donna",
    "Michelle", "Carol", "Amanda", "Melissa", "Deborah", "Stephanie", "Rebecca", "Sharon", "Laura", "Cynthia", "Dorothy",
    "Amy", "Kathleen", "Angela", "Shirley", "Emma", "Brenda", "Pamela", "Nicole", "Anna", "Samantha", "Katherine",
    "Christine", "Helen", "Debra", "Rachel", "Carolyn", "Janet", "Maria", "Catherine", "Heather", "Diane", "Olivia",
    "Julie", "Joyce", "Victoria", "Ruth", "Virginia", "Lauren", "Kelly", "Christina", "Joan", "Evelyn", "Judith",
    "Andrea", "Hannah", "Megan", "Alice", "Jean", "Teresa", "Theresa", "Eugene", "Russell", "Philip", "Gabriel", "Walter",
)  # fmt: skip
LAST = (
    "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Sullivan",
    "Murphy", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Thompson", "White",
    "Harris", "Clark", "Lewis", "Robinson", "Walker", "Young", "Allen", "King", "Wright", "Scott", "Hill", "Green",
    "Adams", "Baker", "Nelson", "Hall", "Campbell", "Mitchell", "Carter", "Roberts", "Phillips", "Evans", "Turner",
    "Parker", "Collins", "Edwards", "Stewart", "Flores", "Morris", "Murray", "Kelly", "Ryan", "Walsh", "Sweeney",
    "Cohen", "Costa", "Silva", "Pereira", "Souza", "Nguyen", "Tran", "Chen", "Wang", "Patel", "Singh", "Kim", "Park",
    "Rossi", "Russo", "Marino", "Ferrari", "Schmidt", "Meyer", "Weber", "Wagner", "O'Brien", "O'Connor", "McCarthy",
)  # fmt: skip
BEGINNINGS = ("Bar", "Bel", "Cal", "Cor", "Dal", "Del", "Fen", "Gal", "Har", "Hol", "Kal", "Kess", "Lan", "Lor", "Mal",
              "Mar", "Nor", "Ost", "Pel", "Quin", "Ras", "Sel", "Stan", "Tar", "Tol", "Val", "Ver", "Wal", "Wes", "Zim")  # fmt: skip
MIDDLES = ("a", "e", "i", "o", "er", "en", "in", "an", "el", "or")
ENDINGS = ("berg", "by", "dorf", "ell", "feld", "ford", "ges", "ham", "ier", "ini", "kin", "ley", "man", "mond", "nik",
           "ova", "quist", "rand", "ski", "son", "stein", "ton", "vich", "well", "wick", "worth")  # fmt: skip
TRADES = ("Roofing", "Properties", "Realty", "Builders", "Construction", "Management", "Homes", "Plumbing", "Dental",
          "Landscaping", "Electric", "Holdings", "Rentals", "Restoration", "Painting")  # fmt: skip
LEGAL = ("LLC", "Inc", "Inc.", "Co", "Corp", "")
STREETS = ("Main", "Oak", "Elm", "Maple", "Washington", "Park", "Cedar", "Highland", "Pleasant", "School", "Summer",
           "Winter", "Beacon", "Adams", "Franklin", "Lincoln", "Harvard", "Pine", "Walnut", "Chestnut", "Prospect")  # fmt: skip
KINDS_OF_STREET = (
    ("Street", "St"),
    ("Avenue", "Ave"),
    ("Road", "Rd"),
    ("Drive", "Dr"),
    ("Lane", "Ln"),
    ("Court", "Ct"),
)
MAIL = ("example.com", "example.net", "example.org", "mail.example.com", "home.example.net")


def first(rng: Random) -> str:
    """The earlier in the list, the likelier."""
    return FIRST[int(len(FIRST) * rng.random() ** 1.7)]


def last(rng: Random) -> str:
    """Every third is one of the common ones; of the others most occur once or twice."""
    if rng.random() < 0.33:
        return LAST[int(len(LAST) * rng.random() ** 1.5)]
    middle = rng.choice(MIDDLES) if rng.random() < 0.8 else ""
    return rng.choice(BEGINNINGS) + middle + rng.choice(ENDINGS)


def company(rng: Random) -> str:
    return f"{last(rng)} {rng.choice(TRADES)} {rng.choice(LEGAL)}".strip()
