// Draws the newest syncs on the connection page and, while one is at work, asks every second how it goes.
"use strict";

(() => {
    const SECOND = 1000;
    const place = document.getElementById("quickbooks-progress");
    if (!place) {
        return;
    }

    function element(name, className, text) {
        const made = document.createElement(name);
        made.className = className;
        made.textContent = text;
        return made;
    }

    function bar(run) {
        const made = document.createElement("progress");
        made.max = 100;
        made.value = run.percent;
        made.setAttribute("aria-label", `${run.title}: ${run.percent} percent`);
        return made;
    }

    // One line for each kind: what, how far, how it stands, and the sentence.
    function line(run) {
        const made = element("section", `quickbooks-run quickbooks-${run.tone}`, "");
        const title = element("h2", "", `${run.title} `);
        title.append(element("span", "quickbooks-state", run.state));
        made.append(title);
        if (run.state === "Running") {
            made.append(bar(run));
        }
        made.append(element("p", "", run.sentence));
        made.dataset.tone = run.tone;
        return made;
    }

    let watching = false;

    function draw(progress) {
        place.replaceChildren(...progress.runs.map(line));
        if (progress.active) {
            watching = true;
            setTimeout(ask, SECOND);
        } else if (watching) {
            location.reload(); // the lists below tell of the end as well
        }
    }

    async function ask() {
        try {
            const answer = await fetch(place.dataset.url, { headers: { Accept: "application/json" }, redirect: "error" });
            if (!answer.ok) {
                throw new Error(answer.statusText);
            }
            draw(await answer.json());
        } catch {
            if (!place.querySelector(".quickbooks-note")) {
                place.append(element("p", "quickbooks-note", "The CRM does not answer at the moment; this page keeps trying."));
            }
            setTimeout(ask, 5 * SECOND);
        }
    }

    draw(JSON.parse(document.getElementById("quickbooks-progress-now").textContent));
})();
