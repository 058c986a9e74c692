// The services of a host, problems first.
import { badge, card, count, el, objectLink, since } from "./base.js"
import { plain } from "./outcome.js"

const order = { CRITICAL: 0, UNKNOWN: 1, WARNING: 2, PENDING: 3, OK: 4 }
const rank = (s) => order[s.state] * 2 + (s.acknowledged || s.downtime ? 1 : 0)
/** atFirst is how many services are listed before somebody asks for all. */
const atFirst = 60

/** members is the list of a host's services. */
export function members(of) {
	const seek = el("input", { type: "search", placeholder: "Filter", "aria-label": "Filter services", oninput: () => paint() })
	const tally = el("span", { class: "tallies" })
	const body = el("tbody", {})
	const more = el("button", { type: "button", class: "plain", onclick: () => { all = true; paint() } })
	const node = card(null, el("div", { class: "card-head" }, el("h2", {}, "Services"), tally, seek), el("table", { class: "members" }, el("colgroup", {}, [1, 2, 3, 4].map(() => el("col"))), el("thead", { class: "hidden" }, el("tr", {}, ["State", "Service", "Output", "For"].map((text) => el("th", { scope: "col" }, text)))), body), more)
	node.hidden = true
	let all = false
	let services = new Map()
	const rows = new Map() // by name: {row, of}

	function paint() {
		node.hidden = Boolean(of.service) || services.size === 0
		if (node.hidden) return
		const wanted = seek.value.toLowerCase()
		const names = [...services.keys()].filter((n) => !wanted || n.toLowerCase().includes(wanted) || services.get(n).state.toLowerCase().includes(wanted))
			.sort((a, b) => rank(services.get(a)) - rank(services.get(b)) || (a < b ? -1 : 1))
		const listed = all ? names : names.slice(0, atFirst)
		const next = listed.map((name) => row(name, services.get(name)))
		if (next.length !== body.children.length || next.some((r, i) => body.children[i] !== r)) body.replaceChildren(...next)
		more.hidden = listed.length === names.length
		more.textContent = `Show all ${count(names.length)}`
		seek.hidden = services.size < 12
		tally.replaceChildren(...tallies(services))
	}

	function row(name, s) {
		const known = rows.get(name)
		if (known?.of === s) return known.row
		const row = el("tr", { "data-state": s.state }, el("td", { class: "nowrap" }, badge(s.state, s.soft)), el("td", { class: "member-name" }, objectLink(of.host, name, name), tags(s)),
			el("td", { class: "member-output", title: plain(s.output) }, plain(s.output)), el("td", { class: "right nowrap muted" }, s.since ? since(s.since) : ""))
		rows.set(name, { row, of: s })
		return row
	}

	return { node, looks: ["services"], paint({ services: now }) { services = now; paint() } }
}

const tags = (s) => [s.acknowledged && "acknowledged", s.downtime && "downtime", s.flapping && "flapping", s.quiet && "silent"].filter(Boolean).map((t) => el("span", { class: "tag" }, t))

function tallies(services) {
	const n = {}
	for (const s of services.values()) n[s.state] = (n[s.state] ?? 0) + 1
	return Object.keys(order).filter((state) => n[state]).map((state) => el("span", { class: "badge", "data-state": state, title: `${n[state]} ${state}` }, count(n[state])))
}
