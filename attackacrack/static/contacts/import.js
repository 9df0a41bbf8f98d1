// Asks how far an import is, and shows the page anew when it is through.
(() => {
    const SECONDS_UNTIL_AGAIN = 30;

    function watch(box) {
        const text = box.querySelector(".contact-import-progress");
        const bar = box.querySelector(".contact-import-bar > div");
        const again = box.querySelector(".contact-import-again");
        const what = box.dataset.state === "taking back" ? "steps" : "lines";
        let lastDone = null;
        let lastMove = Date.now();

        function show({ done, total }) {
            if (done !== lastDone) {
                lastDone = done;
                lastMove = Date.now();
            }
            again.hidden = Date.now() - lastMove < SECONDS_UNTIL_AGAIN * 1000;
            if (done === null) return;
            text.textContent = total
                ? `${done.toLocaleString()} of ${total.toLocaleString()} ${what}`
                : `${done.toLocaleString()} ${what}`;
            bar.style.width = total ? `${Math.min(100, (100 * done) / total)}%` : "50%";
        }

        async function ask() {
            try {
                const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
                if (answer.ok) {
                    const progress = await answer.json();
                    if (progress.state !== box.dataset.state) return window.location.reload();
                    show(progress);
                }
            } catch {
                text.textContent = "The connection was lost. Trying again …";
            }
            window.setTimeout(ask, 1000);
        }
        ask();
    }

    document.addEventListener("DOMContentLoaded", () => {
        document.querySelectorAll(".contact-import[data-progress]").forEach(watch);
    });
})();
