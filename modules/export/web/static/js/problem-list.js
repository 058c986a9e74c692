// The list of problems as it stands in the page: rows that stay where they are while somebody is at them, a cursor, and what is chosen.
import { count, el, get, objectPath } from "./base.js"
import { narrow } from "./problem-filters.js"
import { goneFor, impactRow, keyOf, problemRow } from "./problem-row.js"

/** atOnce is how many impacts are loaded at once. */
const atOnce = 50
/** quiet is how long somebody must not have moved before rows change places under him, in ms. */
const quiet = 8000

/** problemList makes a list; changed() is called when something was chosen or is waiting to be shown. */
export function problemList(changed) {
	const list = el("ol", { class: "problems", "aria-label": "Problems" })
	const rows = new Map() // by key: {row, text, node, fold}
	const chosen = new Set()
	let want = { order: [], rows: new Map() } // what the list is to show
	let moved = 0, cursor = null, anchor = null

	const stir = () => { moved = Date.now() }
	list.addEventListener("pointermove", (e) => { if (e.pointerType === "mouse") stir() })
	list.addEventListener("pointerleave", () => { moved = 0 })
	list.addEventListener("pointerdown", (e) => { stir(); const li = e.target.closest("li.problem"); if (li) point(li) })

	const held = () => chosen.size > 0 || Date.now() - moved < quiet
	const keyAt = (node) => node?.dataset.key ?? null

	/** fill puts a row's content in place. */
	function fill(entry) {
		const { row, node } = entry
		const lost = node.contains(document.activeElement) && document.activeElement !== node
		node.className = `problem${row.handled ? " handled" : ""}${row.attempts || row.unsure ? " uncertain" : ""}`
		node.dataset.state = row.state
		node.replaceChildren(...problemRow(row, { chosen: chosen.has(keyOf(row)), open: Boolean(entry.fold), on: { choose, fold } }), ...(entry.fold ? [entry.fold.box] : []))
		if (lost) node.focus({ preventScroll: true })
	}

	function entryOf(key) {
		const row = want.rows.get(key)
		let entry = rows.get(key)
		if (!entry) rows.set(key, entry = { node: el("li", { tabindex: -1, "data-key": key }), fold: null, text: "" })
		const text = JSON.stringify(row)
		if (text !== entry.text) {
			const grew = entry.row && JSON.stringify(entry.row.impacts) !== JSON.stringify(row.impacts)
			Object.assign(entry, { row, text })
			if (!row.impacts) entry.fold = null
			fill(entry)
			if (grew && entry.fold) entry.fold.renew()
		}
		return entry
	}

	/** settle shows what is to be shown, in its order. */
	function settle() {
		const keep = new Set(want.order)
		for (const [key, entry] of rows) {
			if (keep.has(key)) continue
			entry.node.remove()
			rows.delete(key)
			chosen.delete(key)
		}
		let before = list.firstElementChild
		for (const key of want.order) {
			const { node } = entryOf(key)
			if (node === before) before = before.nextElementSibling
			else list.insertBefore(node, before)
		}
		if (!rows.has(cursor)) cursor = null
		list.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1")
		;(rows.get(cursor)?.node ?? list.firstElementChild)?.setAttribute("tabindex", "0")
		changed()
	}

	/** patch leaves rows where they are, and says of those that are gone that they are. */
	function patch() {
		for (const [key, entry] of rows) {
			if (want.rows.has(key)) entryOf(key)
			else if (!entry.node.classList.contains("gone")) {
				entry.node.classList.add("gone")
				entry.text = ""
				entry.node.querySelector(".side")?.replaceChildren(el("span", { class: "tag" }, "no longer here"), el("span", { class: "faint" }, `after ${goneFor(entry.row)}`))
			}
		}
		changed()
	}

	function show(order, all) {
		want = { order, rows: all }
		held() && rows.size > 0 ? patch() : settle()
	}

	/** waiting says what is not shown yet. */
	function waiting() {
		const added = want.order.filter((k) => !rows.has(k)).length
		const gone = [...rows.keys()].filter((k) => !want.rows.has(k)).length
		return { added, gone }
	}

	setInterval(() => { const { added, gone } = waiting(); if (added + gone > 0 && !held()) settle() }, 1000)

	function point(node, focus) {
		if (!node) return
		list.querySelector(".problem[aria-current]")?.removeAttribute("aria-current")
		list.querySelector(".problem[tabindex='0']")?.setAttribute("tabindex", "-1")
		cursor = keyAt(node)
		node.setAttribute("aria-current", "true")
		node.setAttribute("tabindex", "0")
		if (!focus) return
		node.focus({ preventScroll: true })
		node.scrollIntoView({ block: "nearest" })
	}

	/** move puts the cursor some rows further; it gives false at the ends. */
	function move(by) {
		stir()
		const now = rows.get(cursor)?.node
		const next = now ? (by > 0 ? now.nextElementSibling : now.previousElementSibling) : list.firstElementChild
		point(next, true)
		return Boolean(next)
	}

	/** choose takes a row among those that an action is for, or takes it out; range takes all from the one chosen before. */
	function choose(row, range) {
		const key = keyOf(row)
		const on = range || !chosen.has(key)
		const keys = [...list.children].map(keyAt)
		const [from, to] = [keys.indexOf(range && anchor !== null ? anchor : key), keys.indexOf(key)]
		for (const k of keys.slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1)) mark(k, on)
		anchor = key
		changed()
	}

	function mark(key, on) {
		on ? chosen.add(key) : chosen.delete(key)
		const entry = rows.get(key)
		entry.node.toggleAttribute("data-chosen", on)
		const box = entry.node.querySelector(".pick input")
		if (box) box.checked = on
	}

	function clear() {
		for (const k of [...chosen]) mark(k, false)
		changed()
	}

	/** fold shows what follows from a problem, or no longer. */
	function fold(row) {
		const entry = rows.get(keyOf(row))
		if (!entry?.row.impacts) return
		entry.fold = entry.fold ? null : impactsOf(entry)
		fill(entry)
	}

	const current = () => rows.get(cursor)?.row
	return {
		list, show, settle, move, clear, waiting, point: (n) => point([...list.children].at(n), true), size: () => rows.size,
		fold: () => current() && fold(current()), choose: (range) => current() && choose(current(), range),
		all: () => { const on = chosen.size < rows.size; for (const k of rows.keys()) mark(k, on); changed() },
		chosen: () => chosen.size,
		refs: () => (chosen.size ? [...chosen] : cursor ? [cursor] : []).map((k) => rows.get(k)?.row).filter(Boolean).map(({ host, service }) => ({ host, service })),
		open: () => { const row = current(); if (row) location.href = objectPath(row.host, row.service) },
	}
}

/** impactsOf loads what follows from a problem, a part at a time, and again when it has changed. */
function impactsOf(entry) {
	const items = el("ul", { class: "list" })
	const foot = el("div", { class: "foot" })
	const box = el("div", { class: "impacts" }, items, foot)
	let narrowed = entry.row.fit !== undefined && entry.row.fit > 0
	let busy = false, again = false, loaded = atOnce
	const load = async () => {
		if (busy) { again = true; return }
		busy = true
		try {
			const q = narrowed ? narrow() : new URLSearchParams()
			q.set("host", entry.row.host)
			if (entry.row.service) q.set("service", entry.row.service)
			q.set("limit", Math.min(500, loaded))
			const page = await get(`data/problems/impacts?${q}`)
			items.replaceChildren(...page.rows.map(impactRow))
			foot.replaceChildren(...more(page))
		} catch (e) { foot.replaceChildren(el("span", { class: "muted" }, e.message)) }
		setTimeout(() => { busy = false; if (again) { again = false; load() } }, 2000)
	}
	const now = () => { busy = false; load() }
	const more = (page) => {
		const left = page.total - page.rows.length
		return [
			left > 0 && page.rows.length < 500 ? el("button", { type: "button", class: "plain", onclick: () => { loaded += loaded; now() } }, `${count(Math.min(left, loaded, 500 - page.rows.length))} more`) : null,
			left > 0 ? el("span", { class: "faint" }, `${count(page.rows.length)} of ${count(page.total)}${page.rows.length >= 500 ? "; find the others by name" : ""}`) : null,
			narrowed ? el("button", { type: "button", class: "plain", onclick: () => { narrowed = false; now() } }, "show all impacts") : null,
		].filter(Boolean)
	}
	load()
	return { box, renew: load }
}
