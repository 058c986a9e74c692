// What the engine has to do: checks by module, pollers, queues, export modules, servers of the bus.
import { clock, count, duration, el, now, since, table } from "./base.js"
import { bar, short, size, spark } from "./parts.js"

const rate = (n) => (n >= 10 ? count(Math.round(n)) : n >= 0.05 ? n.toFixed(1) : n > 0 ? "<0.1" : "0")
const pair = (s) => el("span", { class: "pair" }, short(s.p50), el("span", { class: "faint" }, " · "), short(s.p99))
const right = (text) => ({ text, class: "right" })

/** drawChecks shows what each module does. */
export function drawChecks(checks) {
	const all = checks.modules ?? []
	if (all.length === 0) return el("p", { class: "muted" }, "No check was made in the last five minutes.")
	const row = (m, name) => [name, { text: spark(m.slots, 60, `${m.name} in the last five minutes`), class: "sparks" }, right(rate(m.rate)), right(pair(m.latency)), right(pair(m.execution))]
	const rows = all.map((m) => row(m, { text: m.name || "none", class: "mono" }))
	if (all.length > 1) rows.push(row(checks.all, el("strong", {}, "all")))
	return table(["Module", { text: "5 min", class: "sparks" }, right("a second"), right("late p50 · p99"), right("takes p50 · p99")], rows)
}

/** drawPollers shows how much each poller does. */
export function drawPollers({ roles, rates }) {
	if (roles.length === 0) return el("p", { class: "muted" }, "There is no poller.")
	return table(["Poller", right("a second"), { text: "under way", class: "used" }, right("waiting"), right("room")], roles.map((r) => {
		const { running = 0, waiting = 0, slots = 0 } = r.load ?? {}
		const mine = rates.find((p) => p.name === r.node)
		return [r.node, right(r.load ? rate(mine?.rate ?? 0) : r.state),
			{ text: [bar(running, slots, `${running} of ${slots}`), " ", count(running)], class: "used" }, right(waiting ? el("strong", {}, count(waiting)) : "0"), right(slots ? count(Math.max(0, slots - running)) : "–")]
	}))
}

const kinds = [
	["results", "Results", "of checks, until the scheduler has them"],
	["jobs", "Jobs", "that no poller has room for"],
	["checks", "Checks", "that wait at a poller"],
	["passive", "Passive results", "until what came of them is stored"],
	["commands", "Commands", "of people"],
	["journal", "Journal", "changes on their way to the disk"],
	["actions", "Actions", "notifications that are not sent"],
	["feed", "Export modules", "what they are to get"],
	["spool", "Spool", "what receivers took and could not store"],
	["payloads", "Payloads", "for other sites"],
]

/** drawQueues shows each kind of queue, and says of those that hold something since when. */
export function drawQueues(all) {
	return el("dl", { class: "queues" }, kinds.map(([kind, title, hint]) => {
		const held = all.filter((q) => q.name === kind && q.waiting > 0)
		return el("div", { "data-late": held.some((q) => q.late) ? "yes" : null }, el("dt", {}, title, " ", el("small", { class: "muted" }, hint)),
			el("dd", {}, held.length === 0 ? el("span", { class: "fine" }, "empty") : held.slice(0, 5).map(drawHeld), held.length > 5 ? el("div", { class: "muted" }, `and ${held.length - 5} more`) : null))
	}))
}

function drawHeld(q) {
	const amount = q.unit === "bytes" ? size(q.waiting) : q.unit === "seconds" ? `${duration(q.waiting)} behind` : `${count(q.waiting)}`
	return el("div", { class: q.late ? "late" : "coming", title: q.late ? "This is no coming and going any more." : "They come and go." },
		q.late ? el("span", { class: "badge", "data-state": "WARNING" }, "late") : null, el("strong", {}, amount), q.of ? [" ", el("span", { class: "mono" }, q.of)] : null,
		q.oldest_seconds >= 1 && q.unit !== "seconds" ? el("span", { class: "muted" }, ` oldest ${duration(q.oldest_seconds)}`) : null,
		q.since && now() - q.since >= 10 ? el("span", { class: "muted" }, " not empty for ", since(q.since)) : null)
}

/** moduleState says in a word how an export module is. */
function moduleState(x) {
	if (x.forgotten_at) return ["PENDING", "gone", `the configuration has it no more; forgotten at ${clock(x.forgotten_at)}`]
	if (!x.broker) return ["WARNING", "nobody", "no broker works with it"]
	if (x.failing_since) return ["WARNING", "fails", "it takes nothing"]
	return [null, "works", ""]
}

/** drawExports shows each export module. */
export function drawExports(all) {
	if (all.length === 0) return el("p", { class: "muted" }, "No module gets anything: the configuration asks for none.")
	return el("ul", { class: "exports" }, all.map((x) => {
		const [state, word, hint] = moduleState(x)
		const lost = x.streams.reduce((n, s) => n + s.lost, 0)
		return el("li", {},
			el("div", { class: "line" }, el("strong", {}, x.module), el("span", { class: state ? "badge" : "muted", "data-state": state, title: hint }, word),
				el("span", { class: "muted" }, x.to ? `to ${x.to}, ` : "", x.broker ? `at ${x.broker}` : x.last_broker ? `last at ${x.last_broker}` : ""), el("span", { class: "grow" }), el("span", { class: "muted nowrap" }, `${count(x.sent)} sent`)),
			x.streams.filter((s) => s.waiting > 0 && s.oldest_seconds >= 5).map((s) => el("div", { class: "line behind" }, bar(s.limit_used, 1, `${Math.round(100 * s.limit_used)} % of what ${s.stream} may hold`),
				el("span", {}, s.waiting === 1 ? `one message of ${s.stream} waits` : `${count(s.waiting)} messages of ${s.stream} wait`, s.oldest_seconds >= 1 ? `, the oldest for ${duration(s.oldest_seconds)}` : ""))),
			lost > 0 ? el("div", { class: "line" }, el("span", { class: "badge", "data-state": "CRITICAL" }, "lost"), `${count(lost)} messages`) : null,
			x.refused > 0 ? el("div", { class: "line muted" }, `${count(x.refused)} refused by the other side, the last `, since(x.last_refused), " ago") : null,
			x.last_error ? el("div", { class: "line said" }, el("span", { class: "muted nowrap" }, x.failing_since ? ["failing for ", since(x.failing_since)] : [since(x.last_error_at), " ago"]), el("span", { class: "mono" }, x.last_error)) : null)
	}))
}

/** drawBus shows the servers of the bus. */
export function drawBus({ bus, arbiters }) {
	if (!bus.known) return el("p", { class: "muted" }, `Only a process with an arbiter may ask the bus for its servers. Look at this page there${arbiters.length ? `: ${arbiters.join(", ")}` : ""}.`)
	const lags = Object.fromEntries(bus.behind.map((b) => [b.server, b]))
	const names = [...new Set([...bus.servers ?? [], ...bus.behind.map((b) => b.server)])]
	return [
		bus.mute_since ? el("p", { class: "note bad" }, "Nothing is stored for ", since(bus.mute_since), `: ${bus.why}`) : null,
		bus.ill ? el("p", { class: "note bad" }, bus.ill) : null,
		el("ul", { class: "servers" }, names.map((name) => {
			const lag = lags[name]
			const leads = name === bus.leader
			return el("li", {}, el("span", { class: "letter", "data-mode": leads ? "M" : "S" }, leads ? "M" : "S"), el("strong", {}, name),
				el("span", { class: lag ? "late" : "muted" }, leads ? "leads" : lag ? lag.why : "has everything"), lag ? el("span", { class: "muted" }, "for ", since(lag.since)) : null)
		})),
		el("p", { class: "muted small" }, bus.cluster ? `This page's process talks to ${bus.server || "none of them"}. More than half must be there for anything to be stored.` : "One server keeps everything once. Three that are joined keep it three times."),
	]
}
