// What if? Who would be told and what would go dark if a host or service failed.
import { attempt, badge, card, count, duration, el, empty, field, objectLink, params, setParams, show, stay } from "./base.js"
import { pick } from "./pick.js"
import { dark as isDark, timeline } from "./simulate-line.js"

const hour = 3600, day = 24 * hour
const names = ["of", "service", "and", "state", "start", "lasts", "look", "downtime"]
const asked = Object.fromEntries(names.map((n) => [n, params().get(n) ?? ""]))
if (!asked.of) asked.of = params().get("host") ?? "" // as the page of a host has it

const chosen = el("p", { class: "chosen-object" })
/** also are those that fail too, as HOST or HOST/SERVICE; in the address they stand one a line. */
let also = asked.and.split("\n").filter(Boolean)
const chips = el("span", { class: "chips", "aria-label": "They fail too" })
const another = pick((one) => add(one.service ? `${one.host}/${one.service}` : one.host), { services: true, label: "Another host or service that fails at the same time", placeholder: "Add another: the rest of the rack" })
const who = pick((one) => { Object.assign(asked, { of: one.host, service: one.service ?? "" }); choose() }, { services: true, label: "The host or service that fails", placeholder: "Host, or host/service", value: asked.of ? [asked.of, asked.service].filter(Boolean).join("/") : "" })
const result = el("div", { class: "foreseen", role: "status", "aria-live": "polite" })
const go = el("button", { class: "main", type: "submit" }, "Play it")
const cancel = el("button", { type: "button", hidden: true, onclick: () => running?.abort() }, "Cancel")
const bar = el("progress", { max: 1, "aria-label": "How far it is" })
const said = el("p", { class: "muted" }, "Playing…")
let running = null, last = null // what is asked, and the answer before
let began = 0, ticking = 0 // when what is played now began, and what tells for how long

/** select makes a choice of a form. */
function select(name, choices, change) {
	const s = el("select", { name, onchange: () => { asked[name] = s.value; change?.(s.value) } }, choices.map(([value, text]) => el("option", { value }, text)))
	s.value = asked[name]
	if (s.value !== asked[name] && asked[name]) { s.append(el("option", { value: asked[name] }, words(name, asked[name]))); s.value = asked[name] }
	return s
}

const words = (name, value) => (name === "start" ? value.replace("T", " ") : duration(Number(value)))
const state = select("state", [["", "CRITICAL"], ["WARNING", "WARNING"], ["UNKNOWN", "UNKNOWN"]])
const date = el("input", { type: "datetime-local", "aria-label": "Date and time", hidden: true, onchange: () => { asked.start = date.value } })
const start = select("start", [["", "Now"], ["sunday", "Next Sunday, 03:00"], ["date", "At a date…"]], (v) => { date.hidden = v !== "date"; if (v === "date") { asked.start = date.value; date.focus() } })
const lasts = select("lasts", [["", "For good"], ["60", "1 minute"], ["300", "5 minutes"], [String(15 * 60), "15 minutes"], [String(hour), "1 hour"], [String(4 * hour), "4 hours"], [String(day), "1 day"]])
const look = select("look", [["", "As needed"], [String(hour), "1 hour"], [String(4 * hour), "4 hours"], [String(12 * hour), "12 hours"], [String(day), "1 day"], [String(3 * day), "3 days"], [String(7 * day), "7 days"]])
const downtime = select("downtime", [["", "None"], [String(hour), "1 hour"], [String(4 * hour), "4 hours"], [String(12 * hour), "12 hours"], [String(day), "1 day"]])
const stateField = field("Its state", state)

show(el("div", { class: "head" }, el("h1", {}, "Simulate"), el("p", { class: "muted" }, "Who would be told, and what would go dark. Nothing happens: only time and targets are made up, the engine is the real one.")),
	el("form", { class: "card ask", onsubmit: (e) => { e.preventDefault(); play() } }, el("div", { class: "field who" }, el("span", {}, "What fails"), who, another, chips), stateField,
		field("When", el("span", { class: "when" }, start, date)), field("For how long", lasts), field("A downtime before", downtime), field("Look for", look), el("div", { class: "field" }, el("span", {}, "\u00a0"), el("div", { class: "play" }, go, cancel))), result)
choose()
if (asked.of) play()
else result.append(empty("Choose a host or a service", "The address of this page keeps what you ask: send it to whoever should see the answer."))

/** choose shows the questions that fit what was chosen. */
function choose() {
	stateField.hidden = !asked.service && !also.some((one) => one.includes("/"))
	chosen.textContent = asked.of
	another.hidden = !asked.of
	asked.and = also.join("\n")
	chips.replaceChildren(...also.map((one) => el("button", { type: "button", class: "tag", title: "Take it out", "aria-label": `${one}: take it out`, onclick: () => { also = also.filter((a) => a !== one); choose() } }, `${one} ✕`)))
}

/** add has one more fail. */
function add(one) {
	if (one && one !== [asked.of, asked.service].filter(Boolean).join("/") && !also.includes(one)) also.push(one)
	another.input.value = ""
	choose()
}

/** refOf takes HOST/SERVICE apart. */
function refOf(text) {
	const at = text.indexOf("/")
	return at > 0 ? { host: text.slice(0, at), service: text.slice(at + 1) } : { host: text, service: "" }
}

/** typed takes what stands in the field though nothing was picked. */
function typed() {
	if (another.input.value.trim()) add(another.input.value.trim())
	const text = who.input.value.trim()
	if (text === [asked.of, asked.service].filter(Boolean).join("/")) return
	const at = text.indexOf("/")
	Object.assign(asked, at > 0 ? { of: text.slice(0, at), service: text.slice(at + 1) } : { of: text, service: "" })
	choose()
}

/** play asks for the answer and shows it; a question before that is given up. */
async function play() {
	typed()
	if (!asked.of) { who.input.focus(); return }
	setParams({ ...asked, host: null, state: stateField.hidden ? "" : asked.state })
	running?.abort()
	const mine = running = new AbortController()
	busy(true)
	const f = await attempt(() => ask(mine.signal).catch((e) => { if (e.name === "AbortError") return null; throw e }))
	if (running !== mine) return
	busy(false)
	if (f) result.replaceChildren(...(last = answer(f)))
	else if (f === null) result.replaceChildren(...(last ?? [empty("Cancelled", "Nothing goes on computing.")]))
	else result.replaceChildren(empty("There is no answer", "Mend the question, and play it again."))
}

/** busy shows that a simulation is under way, and lets it be given up. */
function busy(on) {
	go.textContent = on ? "Play anew" : "Play it"
	cancel.hidden = !on
	result.setAttribute("aria-busy", String(on))
	if (on) result.replaceChildren(el("section", { class: "card playing" }, bar, said))
	clearInterval(ticking)
	if (on) { began = Date.now(); ticking = setInterval(say, 500) }
	progress(on ? 0 : 1)
}

/** say tells how far it is, and for how long it has been played already. */
function say() {
	const part = bar.hasAttribute("value") ? ` ${Math.round(bar.value * 100)} %` : ""
	said.textContent = `Playing…${part} · ${duration((Date.now() - began) / 1000)}`
}

addEventListener("pagehide", () => running?.abort())

async function ask(signal) {
	const body = { host: asked.of, service: asked.service, also: also.map(refOf), state: stateField.hidden ? "" : asked.state, start: asked.start, lasts: Number(asked.lasts), look: Number(asked.look), downtime: Number(asked.downtime) }
	const response = await fetch("data/simulate", { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })
	stay()
	if (!response.ok) throw new Error((await response.json()).error)
	for await (const news of lines(response.body)) {
		if (news.error) throw new Error(news.error)
		if (news.foreseen) return news.foreseen
		progress(news.progress)
	}
	throw new Error("the answer ended early: play it again")
}

/** lines gives the JSON values of an answer as they come, one a line. */
async function* lines(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader()
	let text = ""
	for (;;) {
		const { value, done } = await reader.read()
		if (done) return
		const parts = (text + value).split("\n")
		text = parts.pop()
		for (const part of parts) yield JSON.parse(part)
	}
}

function progress(part) {
	if (part > 0) bar.value = part
	else bar.removeAttribute("value") // it has not begun, or another one is played first
	say()
}

const many = (n, one, more) => `${count(n)} ${n === 1 ? one : more}`
const two = (n) => String(n).padStart(2, "0")
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

/** clockOf gives the time of day in the configuration's zone, some seconds after the beginning. */
function clockOf(f) {
	const several = f.length > 20 * hour
	return (at) => {
		const d = new Date((f.start + f.offset + at) * 1000)
		return `${several ? `${days[d.getUTCDay()]} ` : ""}${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
	}
}

/** dateOf gives the beginning with its date. */
function dateOf(f) {
	const d = new Date((f.start + f.offset) * 1000)
	return `${days[d.getUTCDay()]} ${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
}

/** after says how long after the beginning something is. */
const after = (at) => (at < 1 ? "at once" : `after ${duration(at)}`)

/** answer lays out what would happen: the short of it, the line of time, people, what nobody hears of, and all tellings. */
function answer(f) {
	const at = clockOf(f)
	const failed = f.dark.filter(isDark)
	return [summary(f, failed), card("What happens when", timeline(f, at)), el("div", { class: "grid" }, people(f, at), silence(f), dark(f, failed, at)), tellings(f, at), f.handlers.length ? handlers(f, at) : null, played(f)].filter(Boolean)
}

function summary(f, failed) {
	const first = f.told.find((t) => t.type === "PROBLEM")
	const hosts = failed.filter((d) => !d.service).length
	const more = f.fallen > f.dark.length
	const fact = (value, what, kind) => el("div", { class: "figure", "data-kind": kind }, el("b", {}, value), el("span", {}, what))
	return el("section", { class: "card short" }, el("h2", {}, "If ", objectLink(f.host, f.service), others(f.also), ` failed on ${dateOf(f)}${f.lasts ? ` for ${duration(f.lasts)}` : " and nobody mended it"}${f.downtime ? `, in a downtime of ${duration(f.downtime)}` : ""}`),
		el("div", { class: "figures" }, fact(count(f.people.length), f.people.length === 1 ? "person is told" : "people are told", f.people.length ? "" : "quiet"), fact(first ? duration(first.at) : "never", first ? "until the first is told" : "is anybody told of a problem", first ? "" : "quiet"),
			fact(count(f.tellings), f.tellings === 1 ? "notification" : "notifications"), more ? fact(count(f.fallen), "hosts and services go dark") : fact(`${count(hosts)} + ${count(failed.length - hosts)}`, "hosts + services go dark"), fact(count(f.silent.reduce((n, s) => n + s.problems, 0)), "problems that nobody hears of")))
}

/** others names those that fail too, the first of them. */
function others(all) {
	const named = all.slice(0, all.length > 4 ? 3 : 4)
	const rest = all.length - named.length
	return named.map((o, i) => [i === named.length - 1 && rest === 0 ? " and " : ", ", objectLink(o.host, o.service)]).concat(rest ? [` and ${count(rest)} more`] : [])
}

function people(f, at) {
	if (f.people.length === 0) return card("Who is told", empty("Nobody is told of anything.", "The reasons stand beside."))
	return card("Who is told", el("ul", { class: "people" }, f.people.map((p) => el("li", {}, el("div", {}, el("b", {}, p.contact), p.alias ? el("span", { class: "muted" }, ` ${p.alias}`) : null, p.escalated ? el("span", { class: "tag" }, "by escalation") : null),
		el("div", { class: "muted" }, `${times(p)} by ${(p.commands ?? []).join(", ") || "nothing"}, first ${after(p.first)}, at ${at(p.first)}`)))))
}

/** times says how many hosts and services concern somebody, and how many messages that makes: most of them are told of again. */
function times(p) {
	return [p.problems ? many(p.problems, "problem", "problems") : "", many(p.times, "message", "messages")].filter(Boolean).join(", ")
}

function silence(f) {
	if (f.silent.length === 0) return card("Nobody hears of", el("p", { class: "muted" }, f.problems ? "Somebody is told of each problem." : "There is no problem that is confirmed in this time."))
	return card("Nobody hears of", el("ul", { class: "people" }, f.silent.map((s) => el("li", {}, el("div", {}, el("b", {}, many(s.problems, "problem", "problems")), `: ${s.why}`),
		el("div", { class: "muted" }, `${s.examples.join(", ")}${s.problems > s.examples.length ? ", …" : ""}`)))))
}

/** dark lists what falls, the first of it. */
function dark(f, failed, at) {
	const shown = failed.slice(0, 40)
	const root = new Set(f.roots.map((r) => `${r.host}\n${r.service}`))
	const worst = (d) => d.spans.find((s) => !s.soft && s.state !== "UP" && s.state !== "OK") ?? d.spans.find((s) => s.state !== "UP" && s.state !== "OK")
	return card("What goes dark", shown.length === 0 ? el("p", { class: "muted" }, "Nothing.") : el("ul", { class: "fallen" }, shown.map((d) => el("li", {}, badge(worst(d).state, worst(d).soft), objectLink(d.host, d.service), root.has(`${d.host}\n${d.service ?? ""}`) ? el("span", { class: "tag" }, "root problem") : null, el("span", { class: "muted nowrap" }, at(worst(d).at))))),
		f.fallen > shown.length ? el("p", { class: "muted" }, `and ${count(f.fallen - shown.length)} more`) : null)
}

function tellings(f, at) {
	if (f.told.length === 0) return null
	const row = (t) => el("tr", {}, el("td", { class: "nowrap" }, at(t.at), el("span", { class: "muted" }, ` ${t.at < 1 ? "" : `+${duration(t.at)}`}`)), el("td", {}, t.type), el("td", {}, badge(t.state)), el("td", {}, objectLink(t.host, t.service)), el("td", { class: "right" }, t.number), el("td", {}, t.contact, t.escalated ? el("span", { class: "tag" }, "escalation") : null), el("td", { class: "muted" }, (t.commands ?? []).join(", ")))
	const body = el("tbody", {}, f.told.slice(0, 50).map(row))
	const rest = f.told.slice(50)
	const more = rest.length ? el("button", { type: "button", class: "plain", onclick: () => { body.append(...rest.map(row)); more.remove() } }, `Show ${count(rest.length)} more`) : null
	return card("Every notification", el("div", { class: "scroll" }, el("table", { class: "tellings" }, el("thead", {}, el("tr", {}, ["When", "Type", "State", "Object", "No.", "To", "By"].map((h) => el("th", { scope: "col", class: h === "No." ? "right" : null }, h)))), body)), more,
		f.tellings > f.told.length ? el("p", { class: "muted" }, `Of ${count(f.tellings)} the first ${count(f.told.length)} are here.`) : null)
}

function handlers(f, at) {
	return card("Event handlers that run", el("ul", { class: "fallen" }, f.handlers.map((h) => el("li", {}, el("span", { class: "nowrap" }, at(h.at)), el("code", {}, h.name), objectLink(h.host, h.service), badge(h.state)))), f.handled > f.handlers.length ? el("p", { class: "muted" }, `and ${count(f.handled - f.handlers.length)} more`) : null)
}

function played(f) {
	return el("p", { class: "muted played" }, `Played ${duration(f.length)} from ${dateOf(f)} (${f.zone}) with ${many(f.objects, "host and service", "hosts and services")} of ${f.shards.length === 1 ? `shard ${f.shards[0]}` : `${f.shards.length} shards that share a tree`}, ${count(f.checks)} checks, in ${f.took < 1000 ? `${f.took} ms` : duration(f.took / 1000)}. All was well before it began, and nobody acknowledges anything. `, f.refused.map((r) => `Refused: ${r}. `))
}
