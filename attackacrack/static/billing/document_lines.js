// Comfort for the forms of quotes and invoices: a product fills its line and shows what it cost before, templates
// bring lines, sums follow what is typed, keys move on. The form works without this file.
document.addEventListener("DOMContentLoaded", () => {
    const shown = document.querySelector("[data-document-sums]");
    const prefix = shown?.dataset.lines;
    const group = document.getElementById(`${prefix}-group`);
    if (!group?.querySelector("[name$=-TOTAL_FORMS]")) return;
    const rates = JSON.parse(shown.dataset.rates);

    const isLine = (row) => row.querySelector("[name$=-description]") && !row.querySelector("[name*=__prefix__]");
    const rows = () => [...group.querySelectorAll(".form-group")].filter(isLine);
    const field = (row, name) => row.querySelector(`[name^="${prefix}-"][name$="-${name}"]:not([name^="initial-"])`);
    const isDeleted = (row) => Boolean(field(row, "DELETE")?.checked);
    const isBlank = (row) => !field(row, "description").value.trim() && !field(row, "unit_price").value.trim();
    const main = (name) => document.getElementById(`id_${name}`);

    const lines = () =>
        rows().filter((row) => !isDeleted(row)).map((row) => {
            const quantity = documentSums.whole(field(row, "quantity").value, 2);
            const price = documentSums.whole(field(row, "unit_price").value, 2);
            const total = quantity === null || price === null ? 0n : documentSums.lineTotal(quantity, price);
            return {total, taxable: field(row, "taxable").checked};
        });

    const show = () => {
        if (shown.dataset.odd || !main("discount_percent")) return;
        const sums = documentSums.totals(lines(), {
            percent: documentSums.whole(main("discount_percent").value, 4),
            amount: documentSums.whole(main("discount_amount").value, 2),
            rates: (rates[main("tax_code").value] || []).map((rate) => documentSums.whole(rate, 4)),
            afterDiscount: main("tax_after_discount").checked,
        });
        for (const [name, cents] of Object.entries(sums)) {
            shown.querySelector(`[data-sum="${name}"]`).textContent = documentSums.dollars(cents);
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
        showPrices(row);
        field(row, "quantity").focus();
        field(row, "quantity").select();
    };

    // What the product cost before, below its price.
    const known = {};
    const pricesOf = (product) => {
        known[product] ??= fetch(shown.dataset.prices.replace("/0/", `/${product}/`))
            .then((answer) => (answer.ok ? answer.json() : {prices: []}))
            .catch(() => ({prices: []}));
        return known[product];
    };
    const showPrices = async (row) => {
        const product = field(row, "product").value;
        const {prices} = product ? await pricesOf(product) : {prices: []};
        if (field(row, "product").value !== product) return; // another one was chosen meanwhile
        row.querySelector(".line-prices")?.remove();
        if (!prices.length) return;
        const list = document.createElement("ul");
        list.className = "line-prices";
        list.setAttribute("aria-label", "Prices before");
        for (const price of prices) list.append(Object.assign(document.createElement("li"), {textContent: price}));
        field(row, "unit_price").after(list);
    };
    group.addEventListener("focusin", (event) => {
        const row = event.target.closest(".form-group");
        if (row && event.target.matches("[name$=-unit_price]")) showPrices(row);
    });

    // Templates: their lines go to the end, into a line that is still blank first.
    const tools = document.querySelector("[data-line-tools]");
    const template = tools?.querySelector("[data-template]");
    const newRow = () => {
        const last = rows().at(-1);
        if (last && isBlank(last) && !field(last, "product").value && !isDeleted(last)) return last;
        group.querySelector(".add-row").click();
        return rows().at(-1);
    };
    const put = (row, line) => {
        const select = field(row, "product");
        if (line.product) select.append(new Option(line.product.name, line.product.id, true, true));
        django.jQuery(select).trigger("change");
        for (const name of ["description", "quantity", "unit_price"]) field(row, name).value = line[name];
        field(row, "taxable").checked = line.taxable;
    };
    const insert = async () => {
        if (!template.value) return;
        const said = tools.querySelector("[data-inserted]");
        const answer = await fetch(template.dataset.lines.replace("/0/", `/${template.value}/`)).catch(() => null);
        if (!answer?.ok) {
            said.textContent = "The template could not be read. Try again, or type the lines.";
            return;
        }
        const {message, lines: added} = await answer.json();
        const first = added.map((line) => {
            const row = newRow();
            put(row, line);
            return row;
        })[0];
        if (main("message") && !main("message").value) main("message").value = message;
        const gone = added.map((line) => line.not_sold).filter(Boolean);
        said.textContent = `${added.length} line${added.length === 1 ? "" : "s"} inserted.` +
            (gone.length ? ` Not sold any more, so without a product: ${gone.join(", ")}.` : "");
        template.value = "";
        show();
        if (first) {
            field(first, "quantity").focus();
            field(first, "quantity").select();
        }
    };
    tools?.querySelector("[data-insert]")?.addEventListener("click", insert);
    template?.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        insert();
    });

    // Enter in a line goes to the next one, or makes one; Ctrl+Enter saves.
    const goOn = (row) => {
        const all = rows().filter((other) => !isDeleted(other));
        const next = all[all.indexOf(row) + 1];
        if (!next) group.querySelector(".add-row")?.click();
        start(next || rows().at(-1));
    };

    group.addEventListener("keydown", (event) => {
        const row = event.target.closest(".form-group");
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !row) return;
        if (event.target.matches("input:not([type=checkbox])")) {
            event.preventDefault();
            goOn(row);
        }
    });
    const start = (row) => row && (row.querySelector(".select2-selection") || field(row, "description")).focus();
    document.addEventListener("keydown", (event) => {
        if (event.altKey && !event.ctrlKey && event.code === "KeyT" && template) {
            event.preventDefault();
            event.stopPropagation(); // the theme's own T searches the sidebar
            template.focus();
        }
        if (event.altKey && !event.ctrlKey && event.code === "KeyL") {
            event.preventDefault();
            if (!rows().length) group.querySelector(".add-row")?.click();
            start(rows()[0]);
        }
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            group.closest("form").requestSubmit(document.querySelector("[name=_save]"));
        }
    });

    // The order on the page is the order of the quote; a line that was left blank stays unchanged.
    const number = () => rows().filter((row) => !isBlank(row)).forEach((row, index) => {
        field(row, "position").value = index + 1;
    });

    for (const kind of ["input", "change"]) group.closest("form").addEventListener(kind, show);
    group.closest("form").addEventListener("submit", number);
    // select2 tells jQuery only.
    django.jQuery(group).on("select2:select", "select[name$=-product]", (event) => fill(event.target));
    new MutationObserver(show).observe(group, {childList: true, subtree: true, attributes: true, attributeFilter: ["class"]});
    show();

    // A new quote begins with its customer. select2 is ready only after this event.
    const contact = main("contact");
    if (contact && !contact.value) setTimeout(() => contact.parentElement.querySelector(".select2-selection")?.focus());
});
