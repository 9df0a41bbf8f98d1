// htmx, which the theme brings along, keeps to our Content-Security-Policy: no style of its own, no code from attributes.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;

// Select2 draws a box of its own over a <select> and leaves the name of the field behind, which a screen reader needs.
function nameOf(select) {
    return select.getAttribute("aria-label") || select.labels?.[0]?.textContent.replace("*", "").trim() || "Choice";
}

function nameSelect2(box) {
    const name = nameOf(box.closest(".select2").previousElementSibling);
    box.removeAttribute("aria-labelledby");
    const shown = box.querySelector("[id$=-container]");
    if (shown) box.setAttribute("aria-controls", shown.id.replace(/container$/, "results"));
    for (const part of [box, ...box.querySelectorAll("[role=textbox], [role=searchbox], input")]) {
        part.setAttribute("aria-label", name);
    }
}

new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
        if (!(node instanceof Element)) continue;
        node.querySelectorAll(".select2-selection").forEach(nameSelect2);
        node.querySelectorAll(".select2-dropdown .select2-search__field").forEach((field) => field.setAttribute("aria-label", "Search"));
    }
}).observe(document, { childList: true, subtree: true });
