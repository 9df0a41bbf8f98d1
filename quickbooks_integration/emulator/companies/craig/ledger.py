"""What the sample company sold and was paid, as rows. Ages are days before the day of its making.

The recorded answers give numbers, amounts, items and links. The ages are ours: they rise with the ids.
"""

from typing import NamedTuple

TAX, NON = "TAX", "NON"


class Line(NamedTuple):
    item: int
    quantity: str = ""
    price: str = ""
    code: str = NON
    text: str = ""
    amount: str = ""  # where the recording has neither quantity nor price


class Discount(NamedTuple):
    percent: str
    amount: str


class Invoice(NamedTuple):
    number: int
    document: str
    customer: int
    age: int
    total: str
    balance: str
    lines: tuple[Line, ...]
    tax: str = "0"
    tax_code: int | None = None
    taxed: str = ""  # the amount that the tax was taken of
    subtotal: str = ""  # where no item line is shown
    discount: Discount | None = None
    email: str = "NotSet"
    charge: int | None = None


class Estimate(NamedTuple):
    number: int
    customer: int
    age: int
    total: str
    invoice: int
    lines: tuple[Line, ...]
    tax: str = "0"
    tax_code: int | None = None
    taxed: str = ""
    email: str = "NotSet"


class Payment(NamedTuple):
    number: int
    customer: int
    age: int
    amount: str
    invoice: int
    check: str = ""
    method: int | None = None
    account: int | None = None
    note: str = ""
    credit_memo: int | None = None
    applied: str = ""  # where it differs from the amount


class CreditMemo(NamedTuple):
    number: int
    document: str
    customer: int
    age: int
    total: str
    line: Line


class Deposit(NamedTuple):
    number: int
    age: int
    payments: tuple[int, ...]


SEND, SENT = "NeedToSend", "EmailSent"

# fmt: off
INVOICES = (
    Invoice(9, "1001", 1, 106, "108", "0", (Line(6, "4", "25", TAX),), "8", 2, "100"),
    Invoice(10, "1002", 2, 100, "175", "0", (Line(6, "4", "35"), Line(10, "1", "35"))),
    Invoice(12, "1004", 3, 98, "2369.52", "0", (
        Line(16, "10", "2", TAX), Line(17, "6", "4", TAX), Line(14, "50", "35", TAX),
        Line(1, "8", "50", TAX, "Installation Hours")), "175.52", 2, "2194"),
    Invoice(13, "1005", 9, 95, "54", "4", (Line(6, "2", "25", TAX),), "4", 2, "50"),
    Invoice(14, "1006", 9, 92, "86.40", "0", (Line(6, "4", "20", TAX),), "6.40", 2, "80"),
    Invoice(16, "1007", 13, 88, "750", "450", (Line(4, "10", "75"),)),
    # The charge that it re-bills cannot be read through the API; its id is the free one before the invoice.
    Invoice(27, "1009", 26, 80, "103.55", "0", (Line(1, text="Lumber", amount="103.55"),), charge=26),
    Invoice(34, "1010", 29, 74, "375", "375", (Line(4, "5", "75"),), email=SEND),
    Invoice(39, "1012", 23, 70, "274.50", "274.50", (Line(16, "15", "2"), Line(5, "1", "275")),
            discount=Discount("10", "30.50"), email=SEND),
    # Recorded with a subtotal and a tax, but without a line to say of what.
    Invoice(42, "1013", 26, 66, "81", "0", (), "6", 2, "75", subtotal="75"),
    Invoice(49, "1015", 18, 60, "954.75", "954.75", (
        Line(4, "4", "75"), Line(7, "5", "50"), Line(5, "1", "275"), Line(13, "8", "22.5")),
        discount=Discount("5", "50.25")),
    Invoice(60, "1016", 16, 55, "75", "75", (Line(6, "3", "25"),), email=SEND),
    Invoice(63, "1017", 25, 52, "80", "0", (Line(6, "4", "20"),)),
    Invoice(64, "1018", 25, 45, "80", "80", (Line(6, "4", "20"),)),
    Invoice(65, "1019", 25, 38, "80", "80", (Line(6, "4", "20", TAX),)),  # a taxable line, and no tax
    Invoice(67, "1021", 1, 34, "459", "239", (Line(15, "15", "10", TAX), Line(5, "1", "275", TAX)), "34", 2, "425"),
    Invoice(68, "1022", 12, 32, "81", "81", (Line(6, "3", "25", TAX),), "6", 2, "75"),
    Invoice(69, "1023", 20, 31, "70", "70", (Line(10, "2", "35"),)),
    Invoice(70, "1024", 20, 30, "156", "156", (
        Line(17, "12", "4"), Line(17, "15", "4"), Line(13, "4", "12")), email=SEND),
    Invoice(71, "1025", 1, 28, "205", "0", (Line(6, "4", "30"), Line(10, "1", "35"), Line(9, "1", "50"))),
    Invoice(75, "1027", 2, 26, "85", "85", (Line(6, "2", "25"), Line(10, "1", "35"))),
    Invoice(92, "1028", 9, 25, "81", "81", (Line(6, "3", "25", TAX),), "6", 2, "75"),
    Invoice(93, "1029", 5, 24, "460.40", "0", (
        Line(3, "5", "15", TAX), Line(13, "6", "12", TAX), Line(5, "1", "275", TAX)), "38.40", 3, "422"),
    Invoice(95, "1030", 8, 22, "226.75", "0", (
        Line(6, "2", "25"), Line(10, "1", "35"), Line(14, "15", "8.75", TAX)), "10.50", 2, "131.25"),
    Invoice(96, "1031", 8, 21, "387", "0", (Line(6, "3", "30"), Line(5, "1", "275", TAX)), "22", 2, "275"),
    Invoice(99, "1032", 26, 20, "414.72", "414.72", (
        Line(14, "20", "15", TAX), Line(13, "7", "12", TAX)), "30.72", 2, "384"),
    # Recorded so: the design hours are not taxable, yet the tax was taken of the whole amount.
    Invoice(103, "1033", 10, 12, "629.10", "629.10", (
        Line(5, "1", "275", TAX), Line(4, "3.5", "75", NON), Line(11, "2", "22.5", TAX)),
        "46.60", 2, "582.50", email=SENT),
    Invoice(106, "1034", 21, 10, "78.60", "78.60", (Line(18, "2", "15"), Line(8, "3", "15", TAX)),
            "3.60", 2, "45", email=SENT),
    Invoice(119, "1035", 17, 6, "314.28", "314.28", (Line(5, "1", "275", TAX), Line(17, "4", "4", TAX)),
            "23.28", 2, "291"),
    Invoice(129, "1036", 8, 3, "477.50", "477.50", (
        Line(14, "5", "10"), Line(15, "5", "10"), Line(6, "3.5", "25"), Line(5, "1", "275"), Line(11, "1", "15"))),
    Invoice(130, "1037", 24, 0, "362.07", "362.07", (
        Line(5, "1", "275", TAX), Line(11, "1", "12.75", TAX), Line(3, "5", "9.5", TAX)), "26.82", 2, "335.25"),
)
ESTIMATES = (
    Estimate(41, 10, 68, "582.50", 103, (Line(5, "1", "275"), Line(4, "3.5", "75"), Line(11, "2", "22.5"))),
    Estimate(46, 20, 62, "70", 69, (Line(10, "2", "35"),)),
    # The invoice made of it has a discount that the estimate has not.
    Estimate(48, 18, 61, "1005", 49, (
        Line(4, "4", "75"), Line(7, "5", "50"), Line(5, "1", "275"), Line(13, "8", "22.5")), email=SEND),
    Estimate(100, 24, 20, "362.07", 130, (
        Line(5, "1", "275", TAX), Line(11, "1", "12.75", TAX), Line(3, "5", "9.5", TAX)), "26.82", 2, "335.25"),
)
PAYMENTS = (
    Payment(15, 9, 90, "86.40", 14, "5664", 2, 35),
    Payment(31, 1, 79, "108", 9, "6552", 2, 4),
    Payment(32, 13, 78, "300", 16, "5421", 2, 4),
    Payment(33, 9, 76, "50", 13, "", 2, 35),
    Payment(40, 26, 69, "103.55", 27, "2064", 2, 35),
    Payment(61, 3, 54, "694", 12, "1886", 2, 35),
    Payment(72, 1, 28, "105", 71, "", 2, 35, "Amy claims the pest control did not occur"),
    Payment(74, 1, 27, "0", 71, note="Created by QB Online to link credits to charges.", credit_memo=73, applied="100"),
    Payment(76, 2, 26, "175", 10, "1053", 2, 35),
    Payment(94, 5, 23, "460.40", 93, account=4),
    Payment(97, 8, 21, "226.75", 95, account=4),
    Payment(98, 26, 20, "81", 42, "", 2, 4),
    Payment(101, 1, 19, "220", 67, "", 2, 4),
    Payment(116, 25, 8, "80", 63, account=4),
    Payment(120, 3, 6, "1675.52", 12, account=4),
    Payment(128, 8, 4, "387", 96, account=4),
)
CREDIT_MEMOS = (CreditMemo(73, "1026", 1, 27, "100", Line(10, amount="100")),)
# Only which payments they hold is recorded: the amounts are the sums of those.
DEPOSITS = (Deposit(102, 13, (31, 32)), Deposit(121, 5, (94, 97, 98, 101, 116)))
# fmt: on
