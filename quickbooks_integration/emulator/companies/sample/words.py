"""Names to draw from. All people are invented."""


def _words(text: str) -> tuple[str, ...]:
    """The words of a text; an underscore stands for a blank."""
    return tuple(word.replace("_", " ") for word in text.split())


# First name, then the short forms that friends and texts use.
_GIVEN = _words("""
Robert:Bob,Rob,Bobby William:Bill,Will,Billy James:Jim,Jimmy Michael:Mike Richard:Rick,Rich Thomas:Tom
Joseph:Joe Daniel:Dan,Danny Elizabeth:Liz,Beth,Betty Katherine:Kate,Kathy Margaret:Peggy,Maggie
Patricia:Pat,Patty,Trish Steven:Steve David:Dave Edward:Ed,Eddie,Ted Anthony:Tony Christopher:Chris
Jennifer:Jen,Jenny Susan:Sue Deborah:Deb,Debbie Matthew:Matt Andrew:Andy,Drew Kenneth:Ken Gregory:Greg
Timothy:Tim Nicholas:Nick Samuel:Sam Benjamin:Ben Alexander:Alex Ronald:Ron Donald:Don Lawrence:Larry
Jeffrey:Jeff Gerald:Jerry Raymond:Ray Charles:Charlie,Chuck Jacqueline:Jackie Theresa:Terry,Tess Pamela:Pam
Victoria:Vicky Cynthia:Cindy Barbara:Barb Frederick:Fred Walter:Walt Leonard:Len Francis:Frank Peter:Pete
Philip:Phil Douglas:Doug Abigail:Abby Rebecca:Becky Jessica:Jess Kimberly:Kim Sandra:Sandy Stephanie:Steph
Vincent:Vinny Dominic:Dom Jonathan:Jon Nathaniel:Nate Zachary:Zach Gabriel:Gabe Melissa:Missy Angela:Angie
Josephine:Jo Bernadette:Bernie Maureen:Mo Eugene:Gene Arthur:Art Stanley:Stan Albert:Al Clifford:Cliff Mary John
George Paul Mark Brian Kevin Sean Patrick Eileen Sheila Colleen Brendan Declan Siobhan Nora Rose Ann Anne Helen
Laura Linda Nancy Karen Donna Carol Diane Joan Judith Ruth Alice Marie Claire Julie Lisa Amy Erin Kelly Heather
Michelle Nicole Denise Gail Lorraine Paula Rita Teresa Antonio Carmen Luis Carlos Maria Ana Rosa Jorge Manuel
Paulo Joao Fernanda Bruno Thiago Wei Ming Li Jing Hui Minh Linh Thanh Huong Tuan Priya Anil Sunita Rajesh Deepak
Fatima Omar Yusuf Amina Jean Marlene Pierre Guerline Wilner Yves Olga Dmitri Irina Pavel Agnieszka Tomasz Craig
Scott Eric Adam Aaron Ryan Justin Kyle Tyler Emily Hannah Olivia Grace Sophia Lucas Ethan Noah Henry Jack Owen
Liam
""")
NICKNAMES: dict[str, tuple[str, ...]] = {
    name: tuple(short.split(",")) if short else () for name, _, short in (word.partition(":") for word in _GIVEN)
}
GIVEN = tuple(NICKNAMES)
GIVEN_WITH_NICKNAME = tuple(name for name, short in NICKNAMES.items() if short)

FAMILY = _words("""
Sullivan Murphy Kelly O'Brien Walsh McCarthy O'Connor Doherty Donovan Flaherty Gallagher Hogan Keane Lynch
Mahoney McDonough McGrath McLaughlin Moynihan Nolan O'Donnell O'Leary O'Neil O'Rourke Quigley Quinn Reardon
Riley Shea Sheehan Tierney Toomey Callahan Cahill Burke Byrne Casey Clancy Coughlin Cronin Curran Daly Delaney
Devlin Dolan Duffy Dunn Egan Fallon Fitzgerald Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino
Greco Conti DeLuca Mancini Rizzo Lombardi Moretti Caruso Ferraro Santoro Mariani Rinaldi Caputo Amato Silvestri
D'Angelo D'Amico DiPietro DiNapoli LoPresti Martignetti Pagliuca Silva Santos Ferreira Pereira Oliveira Costa
Rodrigues Martins Sousa Fernandes Goncalves Gomes Lopes Marques Medeiros Furtado Pacheco Cabral Amaral Barros
Teixeira Correia Nguyen Tran Le Pham Huynh Phan Vu Dang Bui Do Chen Wang Zhang Liu Huang Wu Zhou Lin Chan Wong
Leung Lam Tang Patel Shah Singh Kumar Gupta Mehta Desai Khan Ahmed Hassan Ali Jean-Baptiste Pierre-Louis Joseph
Charles Dorcely Etienne Laurent Toussaint Kowalski Nowak Wisniewski Zielinski Kaminski Novak Petrov Ivanov
Volkov Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Martin Jackson
Thompson White Harris Clark Lewis Robinson Walker Hall Allen Young King Wright Scott Green Baker Adams Nelson
Hill Campbell Mitchell Roberts Carter Phillips Evans Turner Parker Collins Edwards Stewart Morris Rogers Reed
Cook Morgan Bell Cooper Peterson Bailey Richardson Cox Howard Ward Gray Watson Brooks Sanders Price Bennett Wood
Barnes Ross Henderson Coleman Jenkins Perry Powell Long Patterson Hughes Washington Butler Simmons Foster Bryant
Griffin Hayes Cohen Levine Goldberg Katz Shapiro Rosen Feldman Van_Dyke De_La_Cruz St._Pierre Le_Blanc Thibodeau
Boucher Gagnon Pelletier Ouellette Bouchard Cote Gauthier Lavoie
""")

# Spelled as the person does, then as a telephone keyboard does.
FOREIGN = (
    ("José", "Núñez", "Jose", "Nunez"),
    ("Zoë", "Brontë", "Zoe", "Bronte"),
    ("Łukasz", "Wójcik", "Lukasz", "Wojcik"),
    ("João", "Gonçalves", "Joao", "Goncalves"),
    ("Nguyễn", "Thị Hà", "Nguyen", "Thi Ha"),
    ("Søren", "Ødegård", "Soren", "Odegard"),
    ("Renée", "Lévesque", "Renee", "Levesque"),
    ("Müge", "Öztürk", "Muge", "Ozturk"),
    ("Björk", "Þórsdóttir", "Bjork", "Thorsdottir"),
    ("Siân", "O’Shaughnessy", "Sian", "O'Shaughnessy"),
)
OTHER_SCRIPTS = (
    "陳大文",
    "李小龍 (Lee)",
    "Мария Иванова",
    "محمد حسن",
    "Γιώργος Παππάς",
    "김민준",
    "עדי כהן",
    "山田 太郎",
)
EMOJI_NAMES = ("{} 🏠", "⭐ {} ⭐", "{} 👍🏽", "🚨 {}", "{} (💧 basement)", "{} ❤️")

FIRM_NAMES = _words("""
Harborside Neponset Wollaston Squantum Merrymount Marina_Bay Blue_Hills Granite_City South_Shore North_Shore
Bay_State Old_Colony Back_Bay Beacon Charles_River Mystic Merrimack Nashoba Minuteman Patriot Pilgrim
Plymouth_Rock Cape_Ann Seaport Fenway Longwood Commonwealth Colonial Liberty Bunker_Hill Faneuil
Dorchester_Heights Adams_Shore Houghs_Neck Germantown Fore_River Weymouth_Landing Nantasket World's_End
Hingham_Harbor Scituate_Light Minot Duxbury_Bay Assinippi Four_Corners Lincoln_Square Union_Street Elm_Street
Oak_Hill Maple_Grove Cedar_Point Stonegate Fieldstone Ledgewood Brookside Riverbend Hilltop Lakeview Sunnyside
""")
BUILDERS = (
    "Builders LLC",
    "Construction Inc.",
    "Homes",
    "Contracting",
    "Development Corp",
    "Design & Build",
    "Remodeling",
)
OFFICES = (
    "Realty Group",
    "Property Management",
    "Condominium Trust",
    "Homeowners Association",
    "Realtors",
    "Rentals LLC",
    "Management Co.",
    "Apartments",
    "Real Estate, Inc",
    "Housing Partners",
)

NOTES = (
    "Prefers text.",
    "Gate code 4411, dog in the yard.",
    "Call after 5.",
    "Crack behind the oil tank, left wall.",
    "Found us through a neighbor.",
    "Bulkhead leaks in heavy rain only.",
    "Husband's cell is better, number on the last quote",
    "Wants the lifetime guarantee in writing.",
    "Slow payer.\nAsk for the deposit first.",
    "Parking on the left side only. Key under the mat.",
    "2nd crack quoted, not approved yet",
    "DO NOT CALL before 9",
)
