// Inputs of the dialogs: a text that has to be written, and a moment that is chosen or typed.
import { clock, el, field } from "./base.js"

/** secondsOf gives a date in whole Unix seconds. */
export const secondsOf = (date) => Math.floor(date.getTime() / 1000)

/** nextMorning is a choice for momentField: the next eight o'clock that is not too near. */
export function nextMorning() {
	const now = new Date()
	const at = new Date(now)
	at.setHours(8, 0, 0, 0)
	while (at - now < 2 * 3600e3) at.setDate(at.getDate() + 1)
	return [`until ${at.getDate() === now.getDate() ? "today" : "tomorrow"} 8:00`, () => secondsOf(at)]
}

/** textField is an area for a text without which the dialog is not confirmed; Ctrl and Enter confirm it. */
export function textField(label) {
	const area = el("textarea", { rows: 2, maxlength: 2000, required: true, autofocus: true })
	area.addEventListener("input", () => area.setCustomValidity(area.value.trim() || !area.value ? "" : "Write a few words."))
	area.addEventListener("keydown", (e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) area.form.requestSubmit(area.form.querySelector("button.main")) })
	return { line: field(label, area), value: () => area.value.trim() }
}

const local = (seconds) => clock(seconds).slice(0, 16).replace(" ", "T")

/**
 * momentField has people choose how long: choices are [text, seconds from now | function | 0 for no end], and the last one is a
 * moment of their own, with a beginning if asked for. end() and start() are Unix seconds; 0 is no end, and now.
 */
export function momentField(choices, chosen, beginning = false) {
	const name = `moment-${Math.random()}`
	const now = secondsOf(new Date())
	const from = el("input", { type: "datetime-local", value: local(now), "aria-label": "from" })
	const to = el("input", { type: "datetime-local", value: local(now + 2 * 3600), min: local(now), "aria-label": "until" })
	const own = el("div", { class: "own", hidden: true }, beginning ? el("label", {}, "from ", from) : null, el("label", {}, "until ", to))
	const radios = [...choices, ["other…", null]].map(([text], i) => {
		const radio = el("input", { type: "radio", name, value: i, checked: i === chosen })
		return el("label", { class: "choice" }, radio, el("span", {}, text))
	})
	const line = el("div", {}, el("div", { class: "choose", role: "radiogroup" }, radios), own)
	const which = () => Number(line.querySelector("input[type=radio]:checked").value)
	const typed = () => which() === choices.length
	const turn = () => {
		own.hidden = !typed()
		to.required = from.required = typed()
		to.setCustomValidity(typed() && to.value <= (beginning ? from.value : local(now)) ? "It ends before it begins." : "")
	}
	line.addEventListener("input", turn)
	const end = () => {
		if (typed()) return secondsOf(new Date(to.value))
		const [, what] = choices[which()]
		return typeof what === "function" ? what() : what && secondsOf(new Date()) + what
	}
	return { line, end, start: () => (typed() && beginning ? secondsOf(new Date(from.value)) : 0) }
}
