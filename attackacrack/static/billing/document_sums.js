// The same sums as billing/money.py, in whole numbers: cents, and ten-thousandths of a percent. No fractions anywhere.
const documentSums = (() => {
    // "12.5" with 2 places is 1250n; null for what is no number.
    const whole = (text, places) => {
        const match = /^(-?)(\d*)(?:\.(\d*))?$/.exec((text || "").trim());
        if (!match || !(match[2] || match[3])) return null;
        if ((match[3] || "").length > places) return null;
        const digits = (match[2] || "0") + (match[3] || "").padEnd(places, "0");
        return BigInt(digits) * (match[1] ? -1n : 1n);
    };

    // Divides and rounds halves away from zero.
    const rounded = (number, divisor) => {
        if (divisor < 0n) return rounded(-number, -divisor);
        const half = number < 0n ? -divisor : divisor;
        return (2n * number + half) / (2n * divisor);
    };

    const lineTotal = (quantity, price) => rounded(quantity * price, 100n);
    const percentOf = (cents, percent) => rounded(cents * percent, 1000000n);

    // lines: [{total, taxable}] in cents; percent and rates in ten-thousandths of a percent, amount in cents, or null.
    const totals = (lines, {percent = null, amount = null, rates = [], afterDiscount = false} = {}) => {
        const sum = (some) => some.reduce((found, line) => found + line.total, 0n);
        const subtotal = sum(lines);
        let taxable = sum(lines.filter((line) => line.taxable));
        const discount = percent !== null ? percentOf(subtotal, percent) : amount !== null ? amount : 0n;
        if (afterDiscount && subtotal) taxable = rounded(taxable * subtotal - discount * taxable, subtotal);
        const tax = rates.reduce((found, rate) => found + percentOf(taxable, rate), 0n);
        return {subtotal, discount, tax, total: subtotal - discount + tax};
    };

    const dollars = (cents) => {
        const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
        const grouped = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
        return `${cents < 0n ? "-" : ""}$${grouped}.${digits.slice(-2)}`;
    };

    return {whole, lineTotal, totals, dollars};
})();
if (typeof module !== "undefined") module.exports = documentSums;
