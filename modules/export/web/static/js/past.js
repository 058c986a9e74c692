// What was: the states of a host or service as a picture, and in words below it.
import { attempt, badge, card, clock, el, get, now, objectLink, params, setParams } from "./base.js"
import { draw } from "./timeline.js"
import { plain } from "./outcome.js"

const ranges = { "1h": 3600, "6h": 6 * 3600, "24h": 24 * 3600, "7d": 7 * 86400, "30d": 30 * 86400 }
/** atFirst is how many lines are listed before somebody asks for more. */
const atFirst = 8

/** past is the timeline with its list. */
export function past(of, query) {
	let range = ranges[params().get("range")] ? params().get("range") : "24h"
	let chosen = Boolean(params().get("range"))
	let data = null
	let listed = atFirst
	let own = false
	let older = [], end = true, fetching = false // what was in front of what the server gives at once, and whether that is all
	const picture = el("div", { class: "timeline" })
	const readout = el("p", { class: "readout muted", "aria-live": "polite" })
	const gap = el("p", { class: "note bad", hidden: true })
	const list = el("ol", { class: "happened" })
	const more = el("button", { type: "button", class: "plain", hidden: true, onclick: further })
	const only = el("label", { class: "check small", hidden: Boolean(of.service) }, el("input", { type: "checkbox", onchange: (e) => { own = e.target.checked; tell() } }), el("span", {}, "only the host itself"))
	const buttons = Object.keys(ranges).map((name) => el("button", { type: "button", onclick: () => choose(name) }, name))
	const node = card(null, el("div", { class: "card-head" }, el("h2", {}, "What happened"), el("div", { class: "segments", role: "group", "aria-label": "How far back" }, buttons)), gap, picture, readout,
		el("div", { class: "card-head sub" }, only), list, more)

	/** further lists more, and asks for what is older when all that is here is listed. */
	async function further() {
		listed += 40
		const known = all()
		if (listed > grouped(known).length && !end && !fetching) {
			fetching = true
			const q = new URLSearchParams(query)
			const last = known.at(-1).time
			q.set("from", Math.floor(data.from))
			q.set("to", Math.max(Math.floor(last), Math.floor(data.from) + 1))
			const got = await attempt(() => get(`data/history?${q}`))
			fetching = false
			if (got) {
				const have = new Set(known.map((l) => JSON.stringify(l)))
				const fresh = got.lines.filter((l) => l.time <= last && !have.has(JSON.stringify(l)))
				older.push(...fresh)
				end = !got.more || fresh.length === 0
			}
		}
		tell()
	}

	/** all are the lines that are known, the newest first. What is loaded anew moves on: what is older keeps its place behind it. */
	const all = () => {
		const last = data.lines.at(-1)?.time ?? Infinity
		const have = new Set(data.lines.filter((l) => l.time === last).map((l) => JSON.stringify(l)))
		return [...data.lines, ...older.filter((l) => l.time <= last && !have.has(JSON.stringify(l)))]
	}

	function choose(name) {
		older = []
		range = name
		chosen = true
		listed = atFirst
		setParams({ range: name })
		load()
	}

	let asking = 0
	async function load() {
		clearTimeout(asking)
		for (const b of buttons) b.setAttribute("aria-pressed", b.textContent === range)
		const to = Math.ceil(now())
		if (!document.hidden) {
			const q = new URLSearchParams(query)
			q.set("from", to - ranges[range])
			q.set("to", to)
			const got = await attempt(() => get(`data/history?${q}`))
			if (got && fitting(got)) return
			if (got) {
				if (older.length > 0) older = all()
				data = { ...got, service: of.service }
				if (older.length === 0) end = !got.more
				paint()
				tell()
			}
		}
		asking = setTimeout(load, 60000)
	}

	/** fitting takes a shorter range at first if what is kept is younger; it says whether that is asked for. */
	function fitting(got) {
		if (chosen) return false
		chosen = true
		const name = Object.keys(ranges).find((r) => got.since && ranges[r] >= got.now - got.since) ?? range
		if (ranges[name] >= ranges[range]) return false
		range = name
		load()
		return true
	}

	function paint() {
		if (data) draw(picture, readout, data, picture.clientWidth)
	}

	function tell() {
		const known = all()
		gap.hidden = !data.gap
		gap.textContent = data.gap ? `Since ${clock(data.gap)} nothing new is stored here, and comes once it can be: ${data.why}` : ""
		const lines = grouped(own ? known.filter((l) => !l.service) : known)
		list.replaceChildren(...lines.slice(0, listed).map((l) => line(l, of)))
		more.hidden = lines.length <= listed && end
		more.textContent = `Show more of ${lines.length}${end ? "" : " and more"}`
		only.hidden = Boolean(of.service) || !data.lines.some((l) => l.service)
		if (lines.length === 0) list.replaceChildren(el("li", { class: "muted nothing" }, nothing(data)))
	}

	new ResizeObserver(paint).observe(picture)
	addEventListener("visibilitychange", () => { if (!document.hidden) load() })
	let seen = ""
	return {
		node, looks: ["object"],
		paint({ object: o }) {
			const next = JSON.stringify([o.state, o.soft, o.attempt, o.acknowledged, o.in_downtime, o.flapping, o.notification_number, o.comments.length])
			if (next === seen) return
			const first = seen === ""
			seen = next
			clearTimeout(asking)
			if (first) load()
			else asking = setTimeout(load, 900) // what is told of it comes a moment later
		},
	}
}

const nothing = (t) => (t.kept ? "Nothing happened in this time." : "Nothing is kept of what happens: the broker has no folder for it.")

/** grouped makes one of notifications of the same moment, and of what else comes several times at once. */
function grouped(lines) {
	const out = []
	for (const l of lines) {
		if (l.kind === "command" && /^(ACKNOWLEDGE|REMOVE)_.*(PROBLEM|ACKNOWLEDGEMENT)/.test(l.what) && !l.refused) continue // a line of its own says so
		const last = out.at(-1)
		if (l.kind === "told" && last?.kind === "told" && Math.abs(last.time - l.time) < 2 && last.what === l.what && last.service === l.service) {
			if (!last.who.includes(l.who)) last.who.push(l.who)
		} else out.push({ ...l, who: l.who ? [l.who] : [] })
	}
	return out
}

const marks = { told: "✉", acknowledged: "✓", unacknowledged: "✓", downtime: "❙❙", flapping: "≈", comment: "✎", command: "›", handler: "⚙", passive: "→", other: "·" }

function line(l, of) {
	const sign = l.kind === "state" ? badge(l.state, l.soft && l.state !== "OK" && l.state !== "UP") : el("span", { class: "sign-mark", "aria-hidden": "true" }, marks[l.kind])
	return el("li", { "data-kind": l.kind }, el("time", { class: "muted nowrap", datetime: new Date(l.time * 1000).toISOString(), title: clock(l.time) }, moment(l.time)), el("span", { class: "sign-cell" }, sign),
		el("span", { class: "happened-text" }, l.service && !of.service ? [objectLink(of.host, l.service, l.service), el("span", { class: "between" }, " · ")] : null, words(l)))
}

const moment = (t) => (now() - t < 86400 && new Date(t * 1000).getDate() === new Date(now() * 1000).getDate() ? clock(t).slice(11) : clock(t).slice(5, 16))
const names = (all) => (all.length > 6 ? `${all.slice(0, 6).join(", ")} and ${all.length - 6} more` : all.join(", "))
const begun = { started: "began", stopped: "ended", cancelled: "was cancelled", disabled: "was turned off" }

/** words says in a sentence what happened. */
export function words(l) {
	const who = Array.isArray(l.who) ? names(l.who) : l.who ?? ""
	const text = plain(l.text ?? "")
	const quiet = (t) => el("span", { class: "muted" }, t)
	switch (l.kind) {
	case "state": return [l.soft && l.attempt ? [quiet(`attempt ${l.attempt} `)] : null, text]
	case "told": return [el("b", {}, who), quiet(` told of ${l.what}`), l.way ? quiet(` by ${l.way}`) : null]
	case "acknowledged": return [el("b", {}, who || "somebody"), quiet(" acknowledged it: "), text]
	case "unacknowledged": return who ? [el("b", {}, who), " took the acknowledgement back"] : [quiet("the acknowledgement ended")]
	case "downtime": return who && l.what === "cancelled" ? [el("b", {}, who), " cancelled the downtime"] : [`downtime ${begun[l.what] ?? l.what} `, quiet(text)]
	case "flapping": return [`flapping ${begun[l.what] ?? l.what} `, quiet(text)]
	case "comment": return [el("b", {}, who), quiet(" commented: "), text]
	case "command": return command(l, who, text, quiet)
	case "handler": return [quiet("event handler "), l.way ?? ""]
	case "passive": return [quiet("somebody told of it: "), text]
	}
	return [text]
}

/** command says what somebody did by a command, or why it was refused. */
function command(l, who, text, quiet) {
	const by = [el("b", {}, who || "somebody"), l.way ? quiet(` (${l.way})`) : null]
	if (l.refused) return [by, quiet(" gave the command "), el("code", {}, l.what), quiet(", which was refused: "), l.refused]
	return [by, l.did ? ` ${l.did}` : [quiet(" gave the command "), el("code", {}, l.what)], text ? [quiet(": "), text] : null]
}
