// Asks every minute whether a customer has said yes since the page was opened, and says so above it.
"use strict";

(() => {
    const MINUTE = 60 * 1000;
    const note = document.getElementById("first-news");
    if (!note) {
        return;
    }
    const known = new Set(note.dataset.known.split(",").filter(Boolean).map(Number));

    const page = `${note.dataset.page}?since=${encodeURIComponent(note.dataset.since)}`;

    function tell(number, more) {
        note.hidden = number === 0;
        note.firstElementChild.textContent = `${number}${more ? " or more" : ""} new approval${number === 1 ? "" : "s"}: reload`;
    }

    async function look() {
        if (document.hidden) {
            return;
        }
        try {
            const answer = await fetch(page, { headers: { Accept: "application/json" } });
            if (!answer.ok || answer.redirected) {
                return; // signed out, or the server restarts: the next minute asks again
            }
            const { waiting, more } = await answer.json();
            tell(waiting.filter((key) => !known.has(key)).length, more);
        } catch {
            // No network: the next minute asks again.
        }
    }

    setInterval(look, MINUTE);
    document.addEventListener("visibilitychange", look);
})();
