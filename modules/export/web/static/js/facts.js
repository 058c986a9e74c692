// The column beside: why it is so, how it is checked, what is around it, what people said of it, and what is configured.
import { attempt, badge, card, clock, count, dialog, duration, el, may, me, now, objectLink, params, since, until } from "./base.js"
import { send } from "./actions.js"

/** section is a card that is hidden while it has nothing. */
function section(title, cls = "") {
	const node = card(title)
	if (cls) node.classList.add(cls)
	const body = el("div", {})
	node.append(body)
	node.hidden = true
	return { node, fill: (...children) => { const all = children.flat(Infinity).filter(Boolean); node.hidden = all.length === 0; body.replaceChildren(...all) } }
}

/** facts is a list of names and values; those without a value are left out. */
const facts = (pairs) => el("dl", { class: "facts" }, pairs.filter(([, v]) => v !== null && v !== undefined && v !== "" && v !== false && !(Array.isArray(v) && v.length === 0))
	.map(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]))

/** seconds gives a duration with as many digits as it deserves. */
export const seconds = (s) => (s >= 10 ? duration(s) : s >= 1 ? `${s.toFixed(1)} s` : s >= 0.001 ? `${Math.round(s * 1000)} ms` : s > 0 ? `${Math.round(s * 1e6)} µs` : "0 ms")

/** why says in sentences why it is in its state, and who was told. */
export function why() {
	const { node, fill } = section("Why", "why-card")
	return {
		node, looks: ["explained"],
		paint({ explained: e }) {
			if (e.error) return fill(el("p", { class: "muted" }, e.error))
			fill(e.why.length ? el("ul", { class: "sentences" }, e.why.map((w) => el("li", {}, sentence(w)))) : null, told(e), untold(e))
		},
	}
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1)

function told(e) {
	if (!e.told.length) return null
	return [el("h3", {}, "Told"), el("ul", { class: "lines" }, e.told.slice(0, 12).map((t) => el("li", {},
		el("b", {}, t.contact), " ", el("span", { class: "muted" }, t.type, t.number > 1 ? `, number ${t.number}` : "", ", ", since(t.time), " ago"),
		t.failed ? el("div", { class: "bad-text" }, t.failed) : null)))]
}

function untold(e) {
	const held = e.contacts.filter((c) => c.not_told_because)
	if (!held.length || e.state === "OK" || e.state === "UP") return null
	const reasons = new Map()
	for (const c of held) reasons.set(c.not_told_because, [...(reasons.get(c.not_told_because) ?? []), c])
	if (reasons.size === 1 && e.why.some((w) => w.endsWith(held[0].not_told_because))) return null // it has been said above
	return [el("h3", {}, "Not told"), el("ul", { class: "lines" }, [...reasons].map(([reason, all]) => el("li", {}, el("b", {}, all.map((c) => c.contact).join(", ")), " ", el("span", { class: "muted" }, reason))))]
}

/** checking says how it is checked, and when next. */
export function checking(trace) {
	const { node, fill } = section("How it is checked")
	const body = el("div", {})
	return {
		node, looks: ["object", "explained"],
		paint({ object: o, explained: e }) {
			body.replaceChildren(facts([
				["Next check", next(o)], ["Last check", o.last_check ? [since(o.last_check), " ago"] : null],
				["Command", e?.check_command ? el("span", { class: "mono" }, e.check_command) : null],
				["Way", e?.checking], ["By", o.module ? [o.module, o.poller ? el("span", { class: "muted" }, ` on ${o.poller}`) : null] : null],
				["Took", o.last_check && !o.passive ? seconds(o.execution_time) : null], ["Began late by", o.last_check && !o.passive ? seconds(o.latency) : null],
				["Period", o.check_period ? [o.check_period, e && e.in_check_period === false ? el("span", { class: "bad-text" }, ", not now") : null] : null],
				["Poller tag", o.poller_tag],
			]), e?.command_line ? el("details", { class: "more" }, el("summary", {}, "The command line"), el("pre", { class: "boxed", tabindex: 0 }, e.command_line)) : "")
			if (!body.isConnected) fill(body, trace)
		},
	}
}

function next(o) {
	if (o.off.includes("active checks")) return el("span", { class: "muted" }, "it is not asked, it is told")
	if (!o.next_check) return null
	return [until(o.next_check), el("span", { class: "muted" }, ` · ${clock(o.next_check).slice(11)}`)]
}

const lists = [
	["roots", "Because of", "The root problems that it suffers from"], ["impacts", "Suffer from it", "What its trouble is the cause of"], ["parents", "Reached through", "Its parents"],
	["depends_on", "Depends on", "What its checks and notifications wait for"], ["children", "Behind it", "What is reached through it"],
]
const mostNeighbours = 12

/** neighbours are the hosts and services that have to do with it. */
export function neighbours() {
	const { node, fill } = section("Around it")
	let last = ""
	return {
		node, looks: ["explained"],
		paint({ explained: e }) {
			if (e.error || last === (last = JSON.stringify(lists.map(([name]) => e[name].map((n) => [n.host, n.service, n.state, n.state_type]))))) return
			fill(lists.filter(([name]) => e[name].length).map(([name, title, hint]) => [
				el("h3", { title: hint }, title, e[name].length > 3 ? el("span", { class: "muted" }, ` ${name === "impacts" ? e.impact_count : e[name].length}`) : null), neighbourList(e[name])]))
		},
	}
}

/** numberOf is how many there are, named or not. */
const numberOf = (e, name) => (name === "impacts" ? Math.max(e.impact_count, e.impacts.length) : e[name].length)

/** neighbourList names some, and says of the others how many there are and where: number counts all. */
function neighbourList(all, number) {
	const line = (n) => el("li", {}, badge(n.state, n.state_type === "SOFT" && !["OK", "UP"].includes(n.state)), " ", objectLink(n.host, n.service), n.shard !== undefined ? el("span", { class: "tag", title: "Another scheduler may look after it" }, `shard ${n.shard}`) : null)
	const bad = (n) => (["OK", "UP", "PENDING"].includes(n.state) ? 1 : 0)
	const sorted = all.toSorted((a, b) => bad(a) - bad(b))
	const rest = sorted.slice(mostNeighbours)
	return [el("ul", { class: "lines badges" }, sorted.slice(0, mostNeighbours).map(line)),
		rest.length ? el("details", { class: "more" }, el("summary", {}, `${count(number - mostNeighbours)} more`), el("ul", { class: "lines badges" }, rest.map(line)),
			number > all.length ? el("p", { class: "muted small" }, `${count(all.length)} of ${count(number)} are here. `, el("a", { href: `tree?${new URLSearchParams({ around: params().get("host") ?? "" })}` }, "All hosts are in the tree")) : null) : null]
}

/** notes are downtimes and comments; who may, removes them. */
export function notes(refs, after) {
	const { node, fill } = section("Notes")
	let last = ""
	const remove = (what, id, text, of, author) => (may("command") ? el("button", { type: "button", class: "plain small", "aria-label": `${text} ${of}`, onclick: async (e) => {
		if (author !== me.name && !(await dialog(`${text} ${of}?`, el("p", { class: "muted" }, "It is somebody else's."), text, "bad"))) return
		e.target.disabled = true
		await attempt(() => send({ do: what, objects: refs(), id }))
		e.target.disabled = false
		after()
	} }, text) : null)
	return {
		node, looks: ["object"],
		paint({ object: o }) {
			if (last === (last = JSON.stringify([o.downtimes, o.comments]))) return
			const comments = o.comments.filter((c) => c.kind !== "downtime" || o.downtimes.length === 0)
			const all = [...o.downtimes.map((d) => downtime(d, remove)), ...comments.map((c) => comment(c, remove))]
			fill(all.length ? el("ul", { class: "notes" }, all) : null)
		},
	}
}

function downtime(d, remove) {
	const running = d.began && d.began <= now()
	return el("li", {}, el("div", { class: "note-head" }, el("span", { class: "tag" }, running ? "downtime" : "downtime planned"), el("b", {}, d.author), remove("cancel-downtime", d.id, "Cancel", `the downtime of ${d.author}: ${d.comment}`, d.author)),
		el("p", {}, d.comment), el("p", { class: "muted small" }, `${clock(d.start).slice(0, 16)} to ${clock(d.end).slice(0, 16)}`, d.fixed ? "" : `, ${duration(d.duration)} from the first problem on`))
}

const kinds = { user: "comment", flapping: "flapping", acknowledgement: "acknowledged", downtime: "downtime" }

function comment(c, remove) {
	return el("li", {}, el("div", { class: "note-head" }, el("span", { class: "tag" }, kinds[c.kind]), el("b", {}, c.author), remove("delete-comment", c.id, "Delete", `the comment of ${c.author}: ${c.text}`, c.author)),
		el("p", {}, c.text), el("p", { class: "muted small" }, since(c.entered), " ago", c.expires ? `, until ${clock(c.expires).slice(0, 16)}` : ""))
}

const impacts = ["none", "low", "normal", "important", "very important", "business critical"]

/** about is what is configured. */
export function about() {
	const { node, fill } = section("About it")
	const away = (url, text) => (url ? el("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, text) : null)
	let last = ""
	return {
		node, looks: ["object"],
		paint({ object: o }) {
			const all = [o.notes, o.notes_url, o.action_url, o.groups, o.contacts, o.contact_groups, o.business_impact, o.notification_period, o.notification_interval, o.realm, o.off, o.turned]
			if (last === (last = JSON.stringify(all))) return
			fill(facts([
				["Notes", o.notes], ["Links", [away(o.notes_url, "Notes"), o.notes_url && o.action_url ? " · " : null, away(o.action_url, "Action")].filter(Boolean)],
				["Business impact", impacts[o.business_impact] ?? String(o.business_impact)], ["Groups", o.groups.join(", ")], ["Contacts", some(o.contacts)], ["Contact groups", o.contact_groups.join(", ")],
				["Told in", o.notification_period], ["Told again", o.notification_interval ? `every ${duration(o.notification_interval)}` : "never"], ["Realm", o.realm],
				["Turned off", o.off.join(", ")], ["By command", o.turned.length ? `${o.turned.join(", ")}: other than configured` : null],
			]))
		},
	}
}

const some = (names) => (names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more` : names.join(", "))
