"""Agrees on the emulator's consent page as a person would. Only an emulator can be agreed to by a program."""

import re
from urllib.parse import parse_qs, urlsplit

from quickbooks_integration import errors, sessions
from quickbooks_integration.errors import Kind, QuickBooksError

LONGEST = 20.0


def agree(consent_url: str, company_id: str = "") -> dict[str, str]:
    """What the browser would bring back to the callback: code, state, realmId, or error.

    Without a company_id it takes the first company on the page. Raises QuickBooksError.
    """
    page = sessions.send("GET", consent_url, longest=LONGEST)
    if page.status_code != 200:
        raise errors.classify_sign_in(page.status_code, page.content)
    offered = re.findall(r'name="realm" value="(\d+)"', page.text)
    if company_id and company_id not in offered or not offered:
        raise QuickBooksError(Kind.REFUSED, f"The emulator has no company with the id {company_id or '(any)'}.")
    form = {name: values[0] for name, values in parse_qs(urlsplit(consent_url).query).items()}
    form |= {"realm": company_id or offered[0], "decision": "connect"}
    back = sessions.send("POST", consent_url.partition("?")[0], data=form, longest=LONGEST)
    if back.status_code != 302:
        raise errors.classify_sign_in(back.status_code, back.content)
    return {name: values[0] for name, values in parse_qs(urlsplit(back.headers["Location"]).query).items()}
