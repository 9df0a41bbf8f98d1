// Keys for the review page. Everything works without this file: each action is a button of a form.
(() => {
    const isTyping = (element) => element.closest("input:not([type=hidden]), textarea, select, [contenteditable]");
    let isSent = false;

    const buttonFor = (key) =>
        [...document.querySelectorAll("[data-review] button")].find(
            (button) => button.dataset.key === key.toLowerCase() || button.dataset.also === key,
        );

    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
        // Enter on a link or a button means that link or button.
        if (event.key === "Enter" && event.target.closest("a, button")) return;
        const button = buttonFor(event.key);
        if (!button) return;
        event.preventDefault();
        button.form.requestSubmit(button);
    });

    document.addEventListener("submit", (event) => {
        if (!event.target.matches("[data-review]")) return;
        if (isSent) event.preventDefault();
        isSent = true;
    });

    // Back to a page that the browser kept: it may be used again.
    window.addEventListener("pageshow", () => { isSent = false; });
})();
