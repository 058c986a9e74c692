// The orphans on the page about piggyback: names that no host has, of this site with since when, and of other sites.
import { attempt, card, count, el, get, params, setParams, since } from "./base.js"
import { part, swap } from "./parts.js"

const orders = { name: "by name", new: "newest first", old: "oldest first", seen: "seen last first" }
const some = (names, all) => [names.slice(0, 3).join(", "), all > Math.min(names.length, 3) ? ` and ${count(all - Math.min(names.length, 3))} more` : ""]

/** first says since when a name is an orphan: no further back than the broker runs. */
function first(o) {
	if (!o.since) return null
	return [o.at_least ? "for at least " : "for ", since(o.since), ", "]
}

function row(o) {
	return el("li", {}, el("div", { class: "line" }, el("strong", { class: "name" }, o.name), el("span", { class: "muted small" }, "from ", some(o.sources, o.source_count))),
		el("div", { class: "muted small", title: o.at_least ? "It was there when this broker began to look." : null }, "orphan ", first(o), "last seen ", since(o.at), " ago"),
		o.rule ? el("div", { class: "muted small" }, "rule ", el("span", { class: "mono" }, o.rule), ` fits, but: ${o.why}`) : null)
}

function draw({ orphans, all, offset }, filtered, turn) {
	if (all === 0) return el("p", { class: "muted" }, filtered ? "No orphan fits." : "None: every name in every output is a host's.")
	const end = offset + orphans.length
	return [el("ul", { class: "exports" }, orphans.map(row)), all > orphans.length ? el("p", { class: "turn small muted" },
		el("button", { type: "button", class: "plain", "data-key": "orphans-back", disabled: offset === 0, onclick: () => turn(Math.max(0, offset - 100)) }, "‹ back"),
		`${count(offset + 1)} to ${count(end)} of ${count(all)}`,
		el("button", { type: "button", class: "plain", "data-key": "orphans-on", disabled: end >= all, onclick: () => turn(end) }, "on ›")) : null]
}

/** elsewhere draws what other sites have: the way between sites carries names, and no ages. */
function elsewhere(sites) {
	if (sites.length === 0) return el("p", { class: "muted" }, "No other site is there.")
	return sites.map((s) => el("div", { class: "elsewhere" }, el("div", { class: "line" }, el("strong", {}, s.site), el("span", { class: "muted small" }, s.all === 1 ? "1 orphan" : `${count(s.all)} orphans`)),
		s.error ? el("p", { class: "note" }, s.error) : null,
		s.names.length > 0 ? el("p", { class: "small names" }, s.names.slice(0, 30).join(", "), s.all > 30 ? el("span", { class: "muted" }, ` and ${count(s.all - 30)} more: look for part of a name`) : null) : null))
}

/** orphansCard is the card; look(count, joined) has it look again. */
export function orphansCard() {
	const list = el("div", {}), others = el("div", { "aria-live": "polite" })
	const word = el("input", { type: "search", placeholder: "Part of a name", "aria-label": "Part of an orphan's or its source's name", value: params().get("orphan") ?? "", spellcheck: "false" })
	const order = el("select", { "aria-label": "Order of orphans" }, Object.entries(orders).map(([k, text]) => el("option", { value: k, selected: k === params().get("order") }, text)))
	const filters = el("div", { class: "filters" }, word, order)
	let [offset, turns, joined] = [0, 0, false]
	const drawn = part(list, (found) => draw(found, word.value.trim() !== "", turn))
	async function look() {
		const mine = ++turns
		const q = new URLSearchParams(Object.entries({ q: word.value.trim(), order: order.value, offset }).filter(([, v]) => v))
		try {
			const { orphans, all, offset: from } = await get(`data/piggyback/orphans?${q}`)
			if (mine !== turns) return
			offset = from
			drawn({ orphans, all, offset })
		} catch (e) { if (mine === turns) swap(list, el("p", { class: "note bad" }, e.message)) }
	}
	function turn(to) { offset = to; look() }
	async function ask() {
		swap(others, el("p", { class: "muted small" }, "Asking the other sites…"))
		const found = await attempt(() => get(`data/piggyback/elsewhere?${new URLSearchParams({ q: word.value.trim() })}`))
		swap(others, found ? elsewhere(found.sites) : el("button", { type: "button", class: "plain", onclick: ask }, "Ask again"))
	}
	function anew() { setParams({ orphan: word.value.trim(), order: order.value === "name" ? "" : order.value }); turn(0); if (joined && box.open) ask() }
	let later
	word.addEventListener("input", () => { clearTimeout(later); later = setTimeout(anew, 200) })
	order.addEventListener("change", anew)
	const box = el("details", { hidden: true }, el("summary", {}, "At other sites"), el("p", { class: "muted small" }, "Names only: other sites do not tell ages."), others)
	box.addEventListener("toggle", () => { if (box.open) ask() })
	return {
		card: card(null, el("div", { class: "title" }, el("h2", {}, "Orphans"), el("small", { class: "muted" }, "names that no host has"), el("span", { class: "grow" }), filters), list, box),
		look(all, linked) {
			joined = linked
			box.hidden = !linked
			filters.hidden = all < 2 && word.value === "" && !linked
			look()
		},
	}
}
