// What a check measured: the last values, and how they were in the last day.
import { card, el } from "./base.js"

const digits = (v) => (Math.abs(v) >= 100 || Number.isInteger(v) ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(1) : Math.abs(v) >= 0.01 || v === 0 ? v.toFixed(2) : v.toPrecision(2))
const large = [["T", 2 ** 40], ["G", 2 ** 30], ["M", 2 ** 20], ["K", 2 ** 10]]
const bytes = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 }

/** amount writes a value with its unit. */
export function amount(v, unit = "") {
	if (v === null || v === undefined) return "?"
	if (unit === "s" && Math.abs(v) < 1) return Math.abs(v) < 0.001 ? `${digits(v * 1e6)} µs` : `${digits(v * 1e3)} ms`
	if (bytes[unit]) {
		const whole = v * bytes[unit]
		const [sign, size] = large.find(([, s]) => Math.abs(whole) >= s) ?? ["", 1]
		return `${digits(whole / size)} ${sign}B`
	}
	if (Math.abs(v) >= 1e6) return `${digits(v / 1e6)} M${unit}`
	return `${digits(v)}${unit ? (unit === "%" ? " %" : ` ${unit}`) : ""}`
}

/** metrics are the values of the last check. */
export function metrics(query) {
	const list = el("ul", { class: "metrics" })
	const node = card("Measured", list)
	node.hidden = true
	return {
		node, looks: ["object"],
		paint({ object: o }) {
			node.hidden = o.metrics.length === 0
			list.replaceChildren(...o.metrics.map((m) => el("li", {}, el("span", { class: "metric-name", title: m.label }, m.label), el("b", {}, amount(m.value, m.unit)))))
		},
	}
}
