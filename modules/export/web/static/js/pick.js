// A field to choose a host or service by, with suggestions while one types.
import { el, get } from "./base.js"

let serial = 0

/**
 * pick makes the field. picked({host, service}) is called with what was chosen. Options: services to suggest those too, label, value, and
 * placeholder.
 */
export function pick(picked, { services, label, value = "", placeholder = "" }) {
	const id = `pick-${++serial}`
	const list = el("ul", { class: "suggestions", id, role: "listbox", hidden: true })
	const input = el("input", { type: "search", role: "combobox", "aria-label": label, "aria-controls": id, "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", maxlength: "200", placeholder, value })
	let found = [], at = -1, asked = 0
	const close = () => { list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant") }
	const take = (one) => { input.value = one.service ? `${one.host}/${one.service}` : one.host; close(); picked(one) }
	const point = (to) => {
		at = (to + found.length) % found.length
		list.childNodes.forEach((li, i) => li.setAttribute("aria-selected", i === at))
		input.setAttribute("aria-activedescendant", `${id}-${at}`)
	}
	const offer = (all) => {
		found = all
		list.replaceChildren(...all.map((one, i) => el("li", { id: `${id}-${i}`, role: "option", "aria-selected": "false", onpointerdown: (e) => { e.preventDefault(); take(one) } }, el("bdi", {}, one.host), one.service ? [el("span", { class: "slash" }, "/"), el("bdi", {}, one.service)] : null)))
		list.hidden = all.length === 0
		input.setAttribute("aria-expanded", all.length > 0)
	}
	const ask = async () => {
		const turn = ++asked, text = input.value.trim()
		if (!text) { close(); return }
		try {
			const all = await get(`data/suggest?${new URLSearchParams({ q: text, ...(services ? { services: "1" } : {}) })}`)
			if (turn === asked && document.activeElement === input) { offer(all); at = -1 }
		} catch { close() }
	}
	let soon = 0
	input.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(ask, 120) })
	input.addEventListener("blur", close)
	input.addEventListener("keydown", async (e) => {
		if (e.key === "ArrowDown" || e.key === "ArrowUp") {
			if (list.hidden) await ask()
			if (found.length) point(at + (e.key === "ArrowDown" ? 1 : -1))
		} else if (e.key === "Enter") {
			if (list.hidden || found.length === 0) { clearTimeout(soon); await ask() }
			if (found.length) take(found[Math.max(at, 0)])
		} else if (e.key === "Escape" && !list.hidden) close()
		else return
		e.preventDefault()
	})
	return Object.assign(el("div", { class: "picker" }, input, list), { input })
}
