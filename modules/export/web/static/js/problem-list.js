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
	const chosen = new Map() // by key: the root that an impact was chosen under; null for a root
	let want = { order: [], rows: new Map() } // what the list is to show
	let moved = 0, cursor = null, anchor = null // cursor and anchor are ids of nodes

	const stir = () => { moved = Date.now() }
	list.addEventListener("pointermove", (e) => { if (e.pointerType === "mouse") stir() })
	list.addEventListener("pointerleave", () => { moved = 0 })
	list.addEventListener("pointerdown", (e) => { stir(); const li = e.target.closest("li.impact, li.problem"); if (li) point(li) })

	const held = () => chosen.size > 0 || Date.now() - moved < quiet
	/** shown are the rows that can be gone through: root problems, and what is unfolded under them. */
	const shown = () => [...list.querySelectorAll("li.problem, li.impact")]
	const nodeOf = (id) => (id === null ? undefined : shown().find((n) => n.dataset.id === id))
	const keyAt = (node) => node?.dataset.key ?? null
	/** rootAt gives the key of the root that an impact stands under; null for a root. */
	const rootAt = (node) => (node.matches(".impact") ? keyAt(node.closest("li.problem")) : null)
	const rowAt = (node) => node && (rootAt(node) === null ? rows.get(keyAt(node))?.row : rows.get(rootAt(node))?.fold?.rows.get(keyAt(node)))

	/** fill puts a row's content in place. */
	function fill(entry) {
		const { row, node } = entry
		const active = node.contains(document.activeElement) && document.activeElement !== node ? document.activeElement : null
		node.className = `problem${row.handled ? " handled" : ""}${row.attempts || row.unsure ? " uncertain" : ""}`
		node.dataset.state = row.state
		node.replaceChildren(...problemRow(row, { chosen: chosen.has(keyOf(row)), open: Boolean(entry.fold), on: { choose: (_, range) => choose(node, range), fold } }), ...(entry.fold ? [entry.fold.box] : []))
		if (active) (node.contains(active) ? active : node).focus({ preventScroll: true })
	}

	function entryOf(key) {
		const row = want.rows.get(key)
		let entry = rows.get(key)
		if (!entry) rows.set(key, entry = { node: el("li", { tabindex: -1, "data-key": key, "data-id": key }), fold: null, text: "" })
		const text = JSON.stringify(row)
		if (text !== entry.text) {
			const grew = entry.row && JSON.stringify(entry.row.impacts) !== JSON.stringify(row.impacts)
			Object.assign(entry, { row, text })
			if (!row.impacts) unfold(entry)
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
			unfold(entry)
			entry.node.remove()
			rows.delete(key)
			if (chosen.get(key) === null) chosen.delete(key)
		}
		let before = list.firstElementChild
		for (const key of want.order) {
			const { node } = entryOf(key)
			if (node === before) before = before.nextElementSibling
			else list.insertBefore(node, before)
		}
		enter()
		changed()
	}

	/** enter has the tabulator come to the row of the cursor, or to the first one. */
	function enter() {
		const now = nodeOf(cursor)
		if (!now) cursor = null
		for (const n of list.querySelectorAll("li[tabindex='0']")) n.setAttribute("tabindex", "-1")
		;(now ?? list.firstElementChild)?.setAttribute("tabindex", "0")
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
		list.querySelector("li[aria-current]")?.removeAttribute("aria-current")
		cursor = node.dataset.id
		node.setAttribute("aria-current", "true")
		enter()
		if (!focus) return
		node.focus({ preventScroll: true })
		node.scrollIntoView({ block: "nearest" })
	}

	/** move puts the cursor some rows further; it gives false at the ends. */
	function move(by) {
		stir()
		const all = shown(), now = all.findIndex((n) => n.dataset.id === cursor)
		const next = all[now < 0 ? 0 : now + by]
		point(next, true)
		return Boolean(next)
	}

	/** choose takes a row among those that an action is for, or takes it out; range takes all from the one chosen before. */
	function choose(node, range) {
		const on = range || !chosen.has(keyAt(node))
		const all = shown(), to = all.indexOf(node)
		const from = range ? all.findIndex((n) => n.dataset.id === anchor) : to
		const first = from < 0 ? to : from
		for (const n of all.slice(Math.min(first, to), Math.max(first, to) + 1)) mark(n, on)
		anchor = node.dataset.id
		changed()
	}

	/** mark chooses one, wherever it stands: what suffers from several stands under each of them. */
	function mark(node, on) {
		const key = keyAt(node)
		on ? chosen.set(key, rootAt(node)) : chosen.delete(key)
		for (const n of shown()) if (keyAt(n) === key) paint(n)
	}

	function paint(node) {
		const on = chosen.has(keyAt(node))
		node.toggleAttribute("data-chosen", on)
		const box = node.querySelector(".pick input")
		if (box) box.checked = on
	}

	function clear() {
		chosen.clear()
		for (const n of shown()) paint(n)
		changed()
	}

	/** fold shows what follows from a problem, or no longer. */
	function fold(row) {
		const entry = rows.get(keyOf(row))
		if (!entry?.row.impacts) return
		if (entry.fold) unfold(entry)
		else entry.fold = impactsOf(entry, { choose, drawn: (whole) => drawn(entry, whole) })
		fill(entry)
		if (cursor !== null && !nodeOf(cursor)) point(entry.node, true)
		changed()
	}

	/** unfold takes away what stands under a root; what nobody sees is not chosen. */
	function unfold(entry) {
		entry.fold?.box.remove()
		entry.fold = null
		for (const [key, root] of chosen) if (root === keyOf(entry.row)) chosen.delete(key)
	}

	/** drawn puts back what somebody was at when impacts were loaded again; of all of them, those that are over are not chosen any more. */
	function drawn(entry, whole) {
		for (const [key, root] of chosen) if (whole && root === keyOf(entry.row) && !entry.fold?.rows.has(key)) chosen.delete(key)
		for (const n of entry.node.querySelectorAll("li.impact")) paint(n)
		const now = nodeOf(cursor)
		if (now) point(now, document.activeElement === document.body)
		changed()
	}

	/** all chooses everything that is shown, or nothing when it is all chosen. */
	function all() {
		const nodes = shown(), on = nodes.some((n) => !chosen.has(keyAt(n)))
		for (const n of nodes) on ? chosen.set(keyAt(n), rootAt(n)) : chosen.delete(keyAt(n))
		for (const n of nodes) paint(n)
		changed()
	}

	const current = () => rowAt(nodeOf(cursor))
	const rowOf = ([key, root]) => (root === null ? rows.get(key)?.row : rows.get(root)?.fold?.rows.get(key))
	return {
		list, show, settle, move, clear, waiting, all, point: (n) => point([...list.children].at(n), true), size: () => rows.size,
		fold: () => { const n = nodeOf(cursor); if (n) fold(rows.get(rootAt(n) ?? keyAt(n)).row) },
		choose: (range) => { const n = nodeOf(cursor); if (n) choose(n, range) },
		chosen: () => chosen.size, impacts: () => [...chosen.values()].filter((root) => root !== null).length,
		refs: () => (chosen.size ? [...chosen].map(rowOf) : [current()]).filter(Boolean).map((row) => ({ host: row.host, service: row.service, is: known(row) })),
		open: () => { const row = current(); if (row) location.href = objectPath(row.host, row.service) },
	}
}

/** known is what a row says of what people did, for the actions that take it back: not whether a downtime is planned. */
const known = (row) => ({ ack: Boolean(row.ack), ackBy: [row.ack?.by], downtime: row.downtime ? true : undefined, downtimeBy: [row.downtime?.by], muted: Boolean(row.muted) })

/** impactsOf loads what follows from a problem, a part at a time, and again when it has changed. on.drawn(whole) is called when it has. */
function impactsOf(entry, on) {
	const items = el("ul", { class: "list" })
	const foot = el("div", { class: "foot" })
	const box = el("div", { class: "impacts" }, items, foot)
	const rows = new Map() // by key
	let narrowed = entry.row.fit !== undefined && entry.row.fit > 0
	let busy = false, again = false, loaded = atOnce
	const draw = (page) => {
		rows.clear()
		for (const row of page.rows) rows.set(keyOf(row), row)
		items.replaceChildren(...page.rows.map((row) => impactRow(row, keyOf(entry.row), on.choose)))
		foot.replaceChildren(...more(page))
		on.drawn(page.total <= page.rows.length && !narrowed)
	}
	const load = async () => {
		if (busy) { again = true; return }
		busy = true
		try {
			const q = narrowed ? narrow() : new URLSearchParams()
			q.set("host", entry.row.host)
			if (entry.row.service) q.set("service", entry.row.service)
			q.set("limit", Math.min(500, loaded))
			draw(await get(`data/problems/impacts?${q}`))
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
	return { box, rows, renew: load }
}
