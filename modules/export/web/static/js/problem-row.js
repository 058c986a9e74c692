// How a problem looks in a list: its state, what it is, what it said, who knows of it, and what follows from it.
import { badge, clock, count, duration, el, now, objectLink, since, svg } from "./base.js"

const drawings = {
	ack: "M3 8.5l3.2 3.2L13 5", downtime: "M13 9.6A5.6 5.6 0 1 1 6.4 3a4.6 4.6 0 0 0 6.6 6.6z", told: "M4 11V7.2a4 4 0 0 1 8 0V11l1 1.2H3zM6.8 14h2.4",
	muted: "M4 11V7.2a4 4 0 0 1 6-3.4M12 8v3l1 1.2H5M6.8 14h2.4M2.5 2.5l11 11", flapping: "M1.5 8c1.6-5 3.2-5 4.8 0s3.2 5 4.8 0c.9-2.8 1.8-4 3.4-4",
	comment: "M2.5 3.5h11v7H8l-3 2.5v-2.5H2.5z", unsure: "M6 6a2 2 0 1 1 2.8 1.9c-.6.3-.8.7-.8 1.4M8 12v.2", confirming: "M8 4.5V8l2.3 1.6M8 2a6 6 0 1 1-6 6",
}

/** icon is a small drawing; what it says is for those who cannot see it. */
export function icon(name, title) {
	return svg("svg", { class: "icon", viewBox: "0 0 16 16", role: "img", "aria-label": title ?? null, "aria-hidden": title ? null : "true" },
		title ? svg("title", {}, title) : null, svg("path", { d: drawings[name], fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" }))
}

/** keyOf names a row, as the server does in the order of a list. */
export const keyOf = (row) => `${row.host}\n${row.service ?? ""}`

/** nameOf is the row's object as people write it. */
export const nameOf = (row) => (row.service ? `${row.host}/${row.service}` : row.host)

const sum = (counts) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0)

/** worth shows the business impact, from 0 to 5, as bars. */
function worth(n) {
	const level = Math.max(0, Math.min(5, n))
	const bar = (i) => svg("rect", { x: i * 4, y: 9 - i * 2, width: 2.6, height: 3 + i * 2, rx: .8, class: i < level ? "on" : null })
	return svg("svg", { class: "worth", viewBox: "0 0 19 12", role: "img", "aria-label": `business impact ${n}`, "data-level": level }, svg("title", {}, `business impact ${n}`), [0, 1, 2, 3, 4].map(bar))
}

const note = (name, title, ...text) => el("span", { class: `mark ${name}`, title }, icon(name), el("span", {}, text))

const by = (n, doing) => (n.by ? `${n.by}${n.text ? ": " + n.text : ""}` : doing)

/** when says when something ends: the time of day if that is soon. */
function when(seconds) {
	const text = clock(seconds)
	return seconds - now() < 20 * 3600 ? text.slice(11, 16) : text.slice(0, 16)
}

/** marks say who knows of a problem, and what is unusual about it. */
function marks(row) {
	const all = []
	if (row.attempts) all.push(note("confirming", "a problem is told of once it is confirmed", `being confirmed, ${row.attempt} of ${row.attempts}`))
	if (row.ack) all.push(note("ack", row.ack.at ? `acknowledged ${clock(row.ack.at)}${row.ack.until ? ", until " + clock(row.ack.until) : ""}` : "acknowledged", by(row.ack, "acknowledged")))
	if (row.downtime) all.push(note("downtime", `in downtime since ${clock(row.downtime.at)}, until ${clock(row.downtime.until)}`, `until ${when(row.downtime.until)}, `, by(row.downtime, "downtime")))
	if (row.hostDowntime) all.push(note("downtime", `its host is in downtime until ${clock(row.hostDowntime.until)}`, `host until ${when(row.hostDowntime.until)}, `, by(row.hostDowntime, "downtime")))
	if (row.flapping) all.push(note("flapping", "it changes its state again and again: nobody is told until it settles", "flapping"))
	if (row.unsure && !row.attempts) all.push(note("unsure", "it has not been looked at since what is in front of it changed", row.behind ? `was behind ${row.behind}` : "to be looked at again"))
	if (row.told) all.push(note("told", `last told ${clock(row.last)}`, told(row)))
	if (row.muted) all.push(note("muted", "notifications are off", "nobody is told"))
	if (row.comments) all.push(note("comment", "comments", count(row.comments)))
	return all
}

function told(row) {
	const whom = row.whom?.length ? row.whom.slice(0, 3).join(", ") + (row.whom.length > 3 ? ` and ${row.whom.length - 3} more` : "") : "people"
	return `told ${whom}${row.told > 1 ? `, ${count(row.told)} times` : ""}`
}

/** counted gives a badge with a number for each state. */
export function counted(states) {
	return ["DOWN", "CRITICAL", "UNREACHABLE", "UNKNOWN", "WARNING"].filter((s) => states?.[s]).map((s) =>
		el("span", { class: "badge small", "data-state": s, title: `${count(states[s])} ${s}` }, count(states[s]), el("span", { class: "word" }, ` ${s.toLowerCase()}`)))
}

/** impactsText says how many follow. */
function impactsText(row) {
	const n = sum(row.impacts)
	const text = `${count(n)} impact${n === 1 ? "" : "s"}`
	return row.fit === undefined ? text : `${count(row.fit)} of ${text}`
}

/** said is what the last check said; of what cannot be looked at now, with the state that this was. */
const said = (row) => (row.own ? [el("span", { class: "tag", title: `its own last check said ${row.own}; it cannot be trusted now` }, `last seen ${row.own}`), " ", row.output ?? ""] : row.output)

const age = (row) => el("span", { class: "age", title: row.fine ? `last well ${clock(row.fine)}` : null }, row.since ? since(row.since) : "")

/** problemRow makes the row of a root problem; on says what is done when somebody uses it. */
export function problemRow(row, { chosen, open, on }) {
	const pick = el("input", { type: "checkbox", checked: chosen, "aria-label": `choose ${nameOf(row)}`, tabindex: -1, onclick: (e) => on.choose(row, e.shiftKey) })
	const fold = row.impacts ? el("button", { class: "plain fold", type: "button", "aria-expanded": String(open), tabindex: -1, onclick: () => on.fold(row) }, el("span", { class: "turn", "aria-hidden": "true" }, "▸"), impactsText(row)) : null
	return [
		el("label", { class: "pick" }, pick), el("div", { class: "state" }, badge(row.state, Boolean(row.attempts))),
		el("div", { class: "name" }, objectLink(row.host, row.service), row.alias ? el("span", { class: "alias faint" }, row.alias) : null),
		el("div", { class: "what" }, row.output || row.own ? el("div", { class: "said", title: row.output }, said(row)) : null,
			el("div", { class: "marks" }, fold, fold ? el("span", { class: "counts" }, counted(row.impacts)) : null, marks(row))),
		el("div", { class: "side" }, age(row), worth(row.business)),
	]
}

/** impactRow makes the row of what follows from the root with a key; choose(node, range) is called when somebody chooses it. */
export function impactRow(row, root, choose) {
	const node = el("li", { class: "impact", tabindex: -1, "data-state": row.state, "data-key": keyOf(row), "data-id": `${root}\t${keyOf(row)}` })
	node.append(el("label", { class: "pick" }, el("input", { type: "checkbox", "aria-label": `choose ${nameOf(row)}`, tabindex: -1, onclick: (e) => choose(node, e.shiftKey) })),
		el("div", { class: "state" }, badge(row.state, Boolean(row.attempts))),
		el("div", { class: "what" }, objectLink(row.host, row.service), row.output || row.own ? el("span", { class: "said faint", title: row.output }, said(row)) : null), age(row))
	return node
}

/** goneFor says how long something was a problem. */
export const goneFor = (row) => duration(now() - row.since)
