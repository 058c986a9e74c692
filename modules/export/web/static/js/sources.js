// What a host is fed by: its own agent, and each other host whose agent speaks for it.
import { attempt, card, clock, count, el, get, may, objectLink, since, table, visible } from "./base.js"
import { plain } from "./outcome.js"

/** sources lists who told of a host last, with the age and the contents of each. */
export function sources(of) {
	const body = el("div", {})
	const node = card(of.service ? "Its host is fed by" : "Fed by", body)
	node.hidden = true
	let asked = 0
	async function load() {
		asked = Date.now()
		let said = null
		try { said = await get(`data/object-sources?${new URLSearchParams({ host: of.host })}`) } catch { /* no payloads: it says the same as an empty list */ }
		const rows = (said?.by.payloads ?? []).filter((p) => p.target === of.host).toSorted((a, b) => (a.source < b.source ? -1 : 1))
		const own = said?.own > 0
		node.hidden = rows.length === 0 && !own
		body.replaceChildren(list(rows, said?.own ?? 0, of), own ? agent(of) : "", said?.by.error ? el("p", { class: "bad-text small" }, said.by.error) : "")
	}
	return {
		node, looks: ["object", "services"],
		/** A service has it when its check reads what agents say. */
		paint({ object: o }) { if ((!of.service || o.module === "agent") && Date.now() - asked > 30000) load() },
	}
}

const list = (rows, own, of) => table(["Source", "Age", "Size", "Says", "Sections"], [...own ? [[["its own agent"], [since(own)], "", [el("span", { class: "muted" }, "asked by its own checks")], ""]] : [], ...rows.map((p) => [
	[p.source === of.host ? p.source : objectLink(p.source), p.site ? el("span", { class: "tag" }, `at ${p.site}`) : null], [since(p.at)], { text: `${count(Math.ceil(p.bytes / 1024))} KiB`, class: "nowrap" },
	p.text ? [el("span", { class: p.usable ? "" : "bad-text" }, p.text)] : [el("span", { class: "muted" }, p.usable ? "up to date" : "not used")],
	[el("span", { class: "muted small" }, (p.sections ?? []).slice(0, 8).join(", "), (p.sections ?? []).length > 8 ? ` and ${p.sections.length - 8} more` : "")],
])])

/** mostShown is how much of an agent's output is put into the page at once. */
const mostShown = 64 << 10

/** agent shows on demand what the host's own agent said last. */
function agent(of) {
	if (!may("command")) return ""
	const out = el("div", {})
	const ask = el("button", { type: "button", onclick: () => attempt(async () => {
		const answer = await fetch(`data/object-agent?${new URLSearchParams({ host: of.host })}`)
		if (!answer.ok) throw new Error((await answer.json()).error)
		const fetched = Number(answer.headers.get("X-Onbu-Fetched"))
		pieces(out, plain(await answer.text()), fetched)
	}) }, "What its agent said last")
	return el("div", { class: "agent" }, ask, out)
}

function pieces(out, text, fetched) {
	const pre = el("pre", { class: "boxed tall", tabindex: 0 })
	let at = 0
	const more = el("button", { type: "button", class: "plain", onclick: add })
	function add() {
		pre.append(visible(text.slice(at, at + mostShown)))
		at += mostShown
		more.hidden = at >= text.length
		more.textContent = `${count(Math.ceil((text.length - at) / 1024))} KiB more`
	}
	add()
	out.replaceChildren(el("p", { class: "muted small" }, `Fetched ${fetched ? clock(fetched) : ""}, ${count(Math.ceil(text.length / 1024))} KiB.`), pre, more)
}
