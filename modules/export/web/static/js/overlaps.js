// Sections that several sources bring for one host, on the page about piggyback: who is read, and who is not and why.
import { attempt, card, count, el, get, objectLink, since } from "./base.js"
import { swap } from "./parts.js"

const place = (s) => (s.site ? `${s.source} at ${s.site}` : s.source)

/** section tells of one, in the order in which checks read it. */
function section(host, s) {
	const from = (i) => host.from[i]
	const left = (i) => el("span", { class: "muted" }, "not read: ", el("span", { class: "name" }, place(from(i))), from(i).text ? ` (${from(i).text})` : "")
	return el("li", {}, el("div", { class: "line" }, el("span", { class: "mono" }, s.name),
		s.read.length === 0 ? el("span", { class: "muted" }, "nobody is read") : s.read.map((i, at) => el("span", { class: at === 0 ? "" : "muted" }, s.read.length === 1 ? "read: " : at === 0 ? "first: " : "then: ", el("span", { class: "name" }, place(from(i))), el("span", { class: "muted" }, ", ", since(from(i).at), " ago"))),
		s.left.map(left)))
}

function row(host) {
	return el("li", {}, el("div", { class: "line" }, objectLink(host.host), el("span", { class: "muted small" }, `${count(host.sections.length)} ${host.sections.length === 1 ? "section" : "sections"} of ${host.from.length} sources`)),
		el("ul", { class: "overlap" }, host.sections.slice(0, 30).map((s) => section(host, s))), host.sections.length > 30 ? el("p", { class: "muted small" }, `and ${count(host.sections.length - 30)} more`) : null)
}

/** overlapsCard is the card. look(shared) tells it how many hosts have payloads of several sources; their payloads are read when somebody asks. */
export function overlapsCard() {
	const word = el("input", { type: "search", placeholder: "Part of a host's name", "aria-label": "Part of the name of a host with several sources", spellcheck: "false" })
	const filters = el("div", { class: "filters", hidden: true }, word)
	const list = el("ul", { class: "exports" }), foot = el("div", { class: "muted small", "aria-live": "polite" })
	let [shared, looked, next, turns] = [-1, 0, "", 0]
	const step = (text) => el("button", { type: "button", class: "plain", onclick: () => further() }, text)
	async function further() {
		const mine = ++turns
		swap(foot, "Reading their payloads…")
		const found = await attempt(() => get(`data/piggyback/overlaps?${new URLSearchParams({ q: word.value.trim(), after: next })}`))
		if (mine !== turns) return
		if (!found) { swap(foot, step("Look again")); return }
		looked += found.looked
		next = found.next ?? ""
		list.append(...found.hosts.map(row))
		swap(foot, list.children.length === 0 ? "No section comes from several sources" : `${count(list.children.length)} in conflict`, ` of ${looked === 1 ? "1 host" : `${count(looked)} hosts`} looked at. `, next ? step(`Look at more of ${count(found.shared)}`) : null)
	}
	function anew() { list.replaceChildren(); looked = 0; next = ""; further() }
	let later
	word.addEventListener("input", () => { clearTimeout(later); later = setTimeout(anew, 200) })
	const hint = el("p", { class: "muted small" }, "All that is usable is read together: the host's own agent first, then sources by name. Where two tell of the same thing, the check says which counts: mostly the first.")
	return {
		card: card(null, el("div", { class: "title" }, el("h2", {}, "Sections in conflict"), el("small", { class: "muted" }, "several sources bring the same"), el("span", { class: "grow" }), filters), list, foot, hint),
		look(n) {
			if (n === shared) return
			shared = n
			filters.hidden = hint.hidden = n === 0
			if (n === 0) { list.replaceChildren(); swap(foot, "None: no host has payloads of several sources."); return }
			anew()
		},
	}
}
