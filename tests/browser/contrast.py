"""Text of a page that stands out too little from what is behind it (WCAG AA: 4.5 to 1)."""

from __future__ import annotations

# Each element with text of its own: its colour over the backgrounds behind it, with every opacity counted.
# What can't be used (disabled) and what is not to be seen is left out, as in the guidelines.
FAINT_TEXT = """() => {
    const parse = (text) => {
        const n = (text.match(/[\\d.]+/g) || []).map(Number);
        const scale = text.startsWith("color(") ? 255 : 1;
        return n.length < 3 ? null : [n[0] * scale, n[1] * scale, n[2] * scale, n[3] ?? 1];
    };
    const light = (c) => {
        const part = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
    const behind = (element) => {
        const sheets = [];
        for (let at = element; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour && colour[3] > 0) sheets.push(colour);
            if (colour && colour[3] === 1) break;
        }
        return sheets.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
    };
    const faint = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        const box = element.getBoundingClientRect();
        const style = getComputedStyle(element);
        if (!own || !box.width || !box.height || style.visibility === "hidden") continue;
        if (element.closest("[disabled], [aria-disabled=true]")) continue;
        // A slider's value stands above the thumb that holds it, not on it.
        if (element.closest("[data-testid=stSlider]")) continue;
        let opacity = 1;
        for (let at = element; at; at = at.parentElement) opacity *= +getComputedStyle(at).opacity;
        const ink = parse(style.color);
        if (!ink || opacity === 0) continue;
        const back = behind(element);
        const [one, other] = [light(over([ink[0], ink[1], ink[2], ink[3] * opacity], back)), light(back)];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.textContent.trim().slice(0, 60)}`);
    }
    return faint;
}"""
