"""Writes a small PDF 1.4 file: pages of text in the standard fonts, and thin lines."""

from dataclasses import dataclass, field

WIDTH, HEIGHT = 612, 792  # US Letter, in points
REGULAR, BOLD = "F1", "F2"
FONTS = {REGULAR: "Helvetica", BOLD: "Helvetica-Bold"}
# Widths of Helvetica in thousandths, as far as amounts need them to stand flush right; others are estimated.
DIGIT = 556
NARROW = {".": 278, ",": 278, " ": 278, "-": 333, "(": 333, ")": 333, ":": 278, "%": 889}


def width_of(text: str, size: float) -> float:
    return sum(NARROW.get(character, DIGIT) for character in text) * size / 1000


@dataclass
class Page:
    """Places are in points from the left and from the top."""

    commands: list[str] = field(default_factory=list)

    def text(self, left: float, top: float, text: str, size: float = 10, font: str = REGULAR) -> None:
        place = f"{left:.2f} {HEIGHT - top:.2f}"
        self.commands.append(f"BT /{font} {size:g} Tf {place} Td ({_escaped(text)}) Tj ET")

    def text_right(self, right: float, top: float, text: str, size: float = 10, font: str = REGULAR) -> None:
        self.text(right - width_of(text, size), top, text, size, font)

    def line(self, left: float, right: float, top: float) -> None:
        self.commands.append(f"0.5 w {left:g} {HEIGHT - top:g} m {right:g} {HEIGHT - top:g} l S")

    def content(self) -> bytes:
        return "\n".join(self.commands).encode("cp1252", "replace")


def _escaped(text: str) -> str:
    """Backslashes and parentheses have a meaning in PDF; control characters have no place on paper."""
    for character in "\\()":
        text = text.replace(character, "\\" + character)
    return "".join(character if character.isprintable() else " " for character in text)


def document(pages: list[Page], title: str) -> bytes:
    """The whole file: header, numbered objects, the table of where they are, the trailer."""
    fonts = [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>" for name in FONTS.values()
    ]
    first_page = 3 + len(fonts) + 1
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(len(pages)))
    resources = " ".join(f"/{name} {3 + number} 0 R" for number, name in enumerate(FONTS))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *(font.encode() for font in fonts),
        f"<< /Title ({_escaped(title)}) /Producer (QuickBooks emulator) >>".encode("cp1252", "replace"),
    ]
    for number, page in enumerate(pages):
        content = page.content()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] "
            f"/Resources << /Font << {resources} >> >> /Contents {first_page + 2 * number + 1} 0 R >>".encode()
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream")
    return _file(objects, info=2 + len(fonts) + 1)


def _file(objects: list[bytes], info: int) -> bytes:
    # The second line tells other programs that this is not text.
    text = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(text)
    text += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    text += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    text += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {info} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    )
    return bytes(text)
