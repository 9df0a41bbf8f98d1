// The panel of a document: copies the payment link, and follows what is on its way for half a minute.
(() => {
    const PAUSES = [1500, 2000, 3000, 4000, 6000, 8000];
    const panel = () => document.querySelector("[data-quickbooks-panel]");

    const refresh = async () => {
        const response = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
        if (!response.ok) return;
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.querySelector("[data-quickbooks-panel]");
        // Nobody's button may vanish under the finger.
        if (fresh && !panel().contains(document.activeElement)) panel().replaceWith(fresh);
    };

    const follow = (pauses) => {
        if (!pauses.length || !panel() || !("busy" in panel().dataset)) return;
        setTimeout(() => refresh().catch(() => {}).then(() => follow(pauses.slice(1))), pauses[0]);
    };

    document.addEventListener("click", async (event) => {
        const button = event.target.closest("[data-copy]");
        if (!button) return;
        const field = document.getElementById(button.dataset.copy);
        field.select();
        await navigator.clipboard.writeText(field.value);
        button.parentElement.querySelector("[data-copied]").textContent = "Copied.";
    });

    document.addEventListener("DOMContentLoaded", () => follow(PAUSES));
})();
