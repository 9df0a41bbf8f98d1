// Comfort for the quote's form: a product fills its line, sums follow what is typed, Enter goes on. The form works
// without this file.
document.addEventListener("DOMContentLoaded", () => {
    const shown = document.querySelector("[data-quote-sums]");
    const group = document.getElementById("quote_items-group");
    if (!shown || !group) return;
    const rates = JSON.parse(shown.dataset.rates);

    const isLine = (row) => row.querySelector("[name$=-description]") && !row.querySelector("[name*=__prefix__]");
    const rows = () => [...group.querySelectorAll(".form-group")].filter(isLine);
    const field = (row, name) => row.querySelector(`[name^="quote_items-"][name$="-${name}"]:not([name^="initial-"])`);
    const isDeleted = (row) => Boolean(field(row, "DELETE")?.checked);
    const isBlank = (row) => !field(row, "description").value.trim() && !field(row, "unit_price").value.trim();
    const main = (name) => document.getElementById(`id_${name}`);

    const lines = () =>
        rows().filter((row) => !isDeleted(row)).map((row) => {
            const quantity = quoteSums.whole(field(row, "quantity").value, 2);
            const price = quoteSums.whole(field(row, "unit_price").value, 2);
            const total = quantity === null || price === null ? 0n : quoteSums.lineTotal(quantity, price);
            return {total, taxable: field(row, "taxable").checked};
        });

    const show = () => {
        if (shown.dataset.odd || !main("discount_percent")) return;
        const sums = quoteSums.totals(lines(), {
            percent: quoteSums.whole(main("discount_percent").value, 4),
            amount: quoteSums.whole(main("discount_amount").value, 2),
            rates: (rates[main("tax_code").value] || []).map((rate) => quoteSums.whole(rate, 4)),
            afterDiscount: main("tax_after_discount").checked,
        });
        for (const [name, cents] of Object.entries(sums)) {
            shown.querySelector(`[data-sum="${name}"]`).textContent = quoteSums.dollars(cents);
        }
        shown.classList.toggle("is-impossible", sums.total < 0n);
    };

    const fill = async (select) => {
        const row = select.closest(".form-group");
        if (!select.value) return;
        const answer = await fetch(shown.dataset.product.replace("/0/", `/${select.value}/`));
        if (!answer.ok) return; // the line can still be typed
        const product = await answer.json();
        field(row, "description").value = product.description;
        field(row, "unit_price").value = product.unit_price;
        field(row, "taxable").checked = product.taxable;
        show();
        field(row, "quantity").focus();
        field(row, "quantity").select();
    };

    // Enter in a line goes to the next one, or makes one; Ctrl+Enter saves.
    const goOn = (row) => {
        const all = rows().filter((other) => !isDeleted(other));
        const next = all[all.indexOf(row) + 1];
        if (!next) group.querySelector(".add-row")?.click();
        const target = next || rows().at(-1);
        (target.querySelector(".select2-selection") || field(target, "description")).focus();
    };

    group.addEventListener("keydown", (event) => {
        const row = event.target.closest(".form-group");
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !row) return;
        if (event.target.matches("input:not([type=checkbox])")) {
            event.preventDefault();
            goOn(row);
        }
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            group.closest("form").requestSubmit(document.querySelector("[name=_save]"));
        }
    });

    // The order on the page is the order of the quote; a line that was left blank stays unchanged.
    const number = () => rows().filter((row) => !isBlank(row)).forEach((row, index) => {
        field(row, "position").value = index + 1;
    });

    for (const kind of ["input", "change"]) document.querySelector("form#quote_form")?.addEventListener(kind, show);
    group.closest("form").addEventListener("submit", number);
    // select2 tells jQuery only.
    django.jQuery(group).on("select2:select", "select[name$=-product]", (event) => fill(event.target));
    new MutationObserver(show).observe(group, {childList: true, subtree: true, attributes: true, attributeFilter: ["class"]});
    show();
});
