// Asks every 30 seconds whether a customer has said yes since the page was opened, or more needs a person, and says so
// above the page and in the tab's title. A page in the background asks too: there the title is what one sees.
"use strict";

(() => {
    const EVERY = 30 * 1000;
    const note = document.getElementById("first-news");
    if (!note) {
        return;
    }
    const known = new Set(note.dataset.known.split(",").filter(Boolean).map(Number));
    const shown = JSON.parse(note.dataset.needs);
    const words = JSON.parse(note.dataset.words);
    const title = document.title;

    const page = `${note.dataset.page}?since=${encodeURIComponent(note.dataset.since)}`;

    function approvals({ waiting, more }) {
        const number = waiting.filter((key) => !known.has(key)).length;
        return number ? [`${number}${more ? " or more" : ""} new approval${number === 1 ? "" : "s"}`] : [];
    }

    function needs(now) {
        return Object.entries(now)
            .map(([name, number]) => [name, number - (shown[name] ?? 0)])
            .filter(([, more]) => more > 0)
            .map(([name, more]) => `${more} more ${words[name][more === 1 ? 0 : 1]}`);
    }

    function tell(said) {
        note.hidden = said.length === 0;
        note.firstElementChild.textContent = `${said.join(", ")}: reload`;
        document.title = said.length === 0 ? title : `(${said[0]}) ${title}`;
    }

    async function look() {
        try {
            const answer = await fetch(page, { headers: { Accept: "application/json" } });
            if (!answer.ok || answer.redirected) {
                return; // signed out, or the server restarts: the next time asks again
            }
            const found = await answer.json();
            tell([...approvals(found), ...needs(found.needs)]);
        } catch {
            // No network: the next time asks again.
        }
    }

    setInterval(look, EVERY);
    document.addEventListener("visibilitychange", look);
})();
