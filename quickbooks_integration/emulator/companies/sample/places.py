"""Where the customers live: towns with state and ZIP, streets, area codes."""

TOWNS = (
    ("Quincy", "MA", "02169"),
    ("Quincy", "MA", "02170"),
    ("Quincy", "MA", "02171"),
    ("Braintree", "MA", "02184"),
    ("Weymouth", "MA", "02188"),
    ("Milton", "MA", "02186"),
    ("Hingham", "MA", "02043"),
    ("Hull", "MA", "02045"),
    ("Cohasset", "MA", "02025"),
    ("Scituate", "MA", "02066"),
    ("Norwell", "MA", "02061"),
    ("Hanover", "MA", "02339"),
    ("Marshfield", "MA", "02050"),
    ("Duxbury", "MA", "02332"),
    ("Plymouth", "MA", "02360"),
    ("Randolph", "MA", "02368"),
    ("Canton", "MA", "02021"),
    ("Stoughton", "MA", "02072"),
    ("Brockton", "MA", "02301"),
    ("Dedham", "MA", "02026"),
    ("Needham", "MA", "02492"),
    ("Newton", "MA", "02459"),
    ("Boston", "MA", "02124"),
    ("Dorchester", "MA", "02122"),
    ("West Roxbury", "MA", "02132"),
    ("Cambridge", "MA", "02139"),
    ("Somerville", "MA", "02143"),
    ("Medford", "MA", "02155"),
    ("Arlington", "MA", "02474"),
    ("Lexington", "MA", "02420"),
    ("Waltham", "MA", "02451"),
    ("Framingham", "MA", "01701"),
    ("Sudbury", "MA", "01776"),
    ("Natick", "MA", "01760"),
    ("Wellesley", "MA", "02481"),
    ("Lowell", "MA", "01852"),
    ("Andover", "MA", "01810"),
    ("Worcester", "MA", "01605"),
    ("Attleboro", "MA", "02703"),
    ("Fall River", "MA", "02720"),
    ("Taunton", "MA", "02780"),
    ("Providence", "RI", "02906"),
    ("Cranston", "RI", "02920"),
    ("Warwick", "RI", "02886"),
)
STREETS = """
Main_St Elm_St Maple_Ave Oak_St Washington_St Adams_St Hancock_St Beale_St Sea_St Squantum_St Palmer_St
Franklin_St Independence_Ave Quincy_Shore_Dr Furnace_Brook_Pkwy Granite_Ave Pleasant_St Union_St Commercial_St
Middle_St Liberty_St Summer_St Winter_St Spring_St School_St Church_St High_St Water_St Mill_Rd Pond_St Lake_Ave
River_Rd Forest_Ave Highland_Ave Prospect_St Chestnut_St Walnut_St Cedar_St Birch_Ln Willow_Way Lincoln_Rd
Jefferson_Dr Commonwealth_Ave Centre_St Blue_Hill_Ave Morton_St Gallivan_Blvd Boston_Post_Rd Old_Colony_Rd
King_Philip_Rd Wampatuck_Rd Standish_Ave Mayflower_Rd Pilgrim_Rd Alden_St Bradford_St Brewster_Rd Winslow_Ave
Carver_St Harborview_Rd Seaview_Ave Bayview_St Shore_Rd Beach_St Ocean_Ave Atlantic_St Nautilus_Rd Captains_Row
"""
STREET_NAMES = tuple(name.replace("_", " ") for name in STREETS.split())

# Area code and how common it is; the last rows are people who moved here and kept their number.
AREA_CODES = {
    "617": 30,
    "781": 26,
    "508": 18,
    "978": 8,
    "857": 7,
    "774": 4,
    "339": 3,
    "401": 3,
    "351": 1,
    "413": 1,
    "603": 1,
    "207": 1,
    "860": 1,
    "203": 1,
}
# No partner has a mailbox or a subscriber there: 555 numbers and example domains reach nobody.
EXCHANGE = "555"
OWN_NUMBER = "6175550100"
EMAIL_DOMAINS = {
    "example.com": 10,
    "example.net": 4,
    "example.org": 3,
    "mail.example.com": 5,
    "home.example.net": 2,
    "webmail.example.org": 2,
}
