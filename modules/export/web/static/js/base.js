// What all pages share: making elements, asking the server, staying up to date, and words for times and states.
// Texts of checks, hosts and people are hostile: they become text nodes and attributes, never markup.

const main = () => document.getElementById("main")

/** el makes an element. Attributes: on… is a listener, class, data-…, aria-…; null and false are left out. Children: nodes, texts, lists, null. */
export function el(tag, attributes, ...children) {
	return fill(document.createElement(tag), attributes, children)
}

/** svg is el for drawings. */
export function svg(tag, attributes, ...children) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children)
}

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (value === null || value === undefined || value === false) continue
		if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
		else if (name === "value" && "value" in node) node.value = value
		else node.setAttribute(name, value === true ? "" : said.has(name) ? visible(value) : value)
	}
	node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false).map((c) => (c instanceof Node ? c : visible(c))))
	return node
}

// said are attributes that people read.
const said = new Set(["title", "alt", "aria-label", "placeholder"])

// Characters that nobody sees, or that turn the order of what stands around them: controls, formats, line separators, fillers. Some Arabic
// signs are formats that are seen.
const unseen = /(?![\t\n\r\u0600-\u0605\u06DD\u08E2])[\p{Cc}\p{Cf}\u2028\u2029\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0]/gu
const joins = /[^\p{ASCII}\p{Cc}\p{Cf}]$/u

/**
 * visible shows what a hostile text would hide: a turned order as ‹U+202E›. Joiners of letters and of pictures stay behind those that take
 * them. el does it with all texts; whoever sets textContent does it himself.
 */
export function visible(text) {
	return String(text).replace(unseen, (c, at, all) => {
		if ((c === "\u200C" || c === "\u200D") && joins.test(all.slice(Math.max(0, at - 2), at))) return c
		return `‹U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}›`
	})
}

/** show puts something in place of all that is in the page. */
export function show(...children) {
	main().replaceChildren(...children.flat(Infinity).filter(Boolean))
}

/** me is who looks at the page; role is nobody, read, command or admin. */
export const me = { name: document.body.dataset.who, role: document.body.dataset.role }

const title = { what: document.title.replace(/ · Onbu$/, ""), state: "", open: 0 }

/**
 * entitle names the page for tabs and lists of windows: what it shows, the state of that where it is one thing, or else how many problems
 * are open.
 */
export function entitle(change) {
	Object.assign(title, change)
	document.title = visible(`${title.state ? `${title.state}: ` : title.open ? `(${title.open}) ` : ""}${title.what} · Onbu`)
}

/** may says whether somebody with a role may do what takes another one. */
export function may(role) {
	const roles = ["nobody", "read", "command", "admin"]
	return roles.indexOf(me.role) >= roles.indexOf(role)
}

/** get asks for data; it throws an Error with the server's words. */
export async function get(path) {
	return answerOf(await fetch(path, { headers: { Accept: "application/json" } }))
}

/** post sends a value as JSON. */
export async function post(path, value) {
	const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) })
	stay()
	return answerOf(response)
}

let stayed = 0
/** stay says, once a minute at most, that somebody did something on the page: his session goes on. */
export function stay() {
	if (!me.name || Date.now() - stayed < 60000) return
	stayed = Date.now()
	fetch("seen", { method: "POST" }).catch(() => {}) // what comes next says that the connection is lost
}

async function answerOf(response) {
	const type = response.headers.get("Content-Type") ?? ""
	const value = type.startsWith("application/json") ? await response.json() : { error: type.startsWith("text/html") ? `the answer is ${response.status} ${response.statusText}` : await response.text() }
	if (response.status === 401) toSignIn()
	if (!response.ok) throw new Error(value.error || response.statusText)
	return value
}

function toSignIn() {
	if (document.body.dataset.page !== "sign-in") location.href = `sign-in?to=${encodeURIComponent(here())}`
}

/** here is the page with its filters, relative to /ui/. */
export const here = () => location.pathname.split("/").pop() + location.search

// silent is how long a stream may say nothing, in milliseconds: the server says at least that it is there every 15 s. A connection that died
// without a word, as when a laptop slept, would look alive for hours.
const silent = 45000

/**
 * live keeps up to date what a path streams: whole(value) once, and after each loss of the connection, then change(value). A page that is
 * hidden does not listen: a browser has few connections to one server. It gives a function that ends it.
 */
export function live(path, { whole, change }) {
	let source = null, heard = 0, fresh = 0, told = false, over = false // fresh is when what is shown was right, told that this stream has brought it
	const hear = () => { told = true; heard = fresh = Date.now(); pulse("on") }
	const stale = (why) => pulse("off", path, why, fresh || Date.now())
	const open = () => {
		if (source || over || document.hidden) return
		if (fresh && Date.now() - fresh > silent) stale() // it was hidden for long
		heard = Date.now()
		told = false
		source = new EventSource(path)
		for (const [news, taking] of [["whole", whole], ["change", change ?? whole]]) source.addEventListener(news, (e) => { hear(); taking(JSON.parse(e.data)) })
		source.addEventListener("breath", (e) => { heard = Date.now(); setClock(Number(e.data)); if (told) hear() })
		source.addEventListener("refused", (e) => {
			const said = JSON.parse(e.data)
			if (said.status === 401) return toSignIn()
			stale(said.error)
			again(15000)
		})
		source.addEventListener("error", () => { told = false; stale(); if (source?.readyState === EventSource.CLOSED) again(3000) })
	}
	const close = () => { source?.close(); source = null }
	const again = (after) => { close(); setTimeout(open, after) }
	const turn = () => (document.hidden ? close() : open())
	const watch = setInterval(() => { if (source && Date.now() - heard > silent) { stale(); close(); open() } }, 5000)
	document.addEventListener("visibilitychange", turn)
	addEventListener("pagehide", close)
	addEventListener("pageshow", open)
	open()
	return () => { document.removeEventListener("visibilitychange", turn); removeEventListener("pageshow", open); clearInterval(watch); over = true; close() }
}

// patience is how long a lost connection is no news: it is often back within a second.
const patience = 2000
let lost = null
let refused = ""

/** pulse shows whether the page is up to date: what is old must not look as if it were so now. path is what does not come, why what the server says, and at since when, in milliseconds. */
function pulse(state, path, why = "", at = 0) {
	const dot = document.getElementById("pulse")
	dot.hidden = false // a page without streams has none
	dot.dataset.state = state
	refused = state === "on" ? "" : why || refused
	dot.title = state === "on" ? "live" : refused || "the connection is lost; trying again"
	dot.setAttribute("aria-label", dot.title)
	if (state === "on") {
		lost = null
		document.getElementById("stale").hidden = true
	} else if (!lost) {
		const since = lost = at / 1000
		setTimeout(() => showStale(path, since), patience)
	} else if (why) tellStale()
}

function tellStale() {
	document.getElementById("stale").textContent = visible(`Not up to date since ${clock(lost)}: ${refused || "the connection to Onbu is lost"}. Trying again.`)
}

/** showStale says that the page is not up to date for as long as it is not, and asks again and again why. */
async function showStale(path, since) {
	if (lost !== since) return // it has been up to date meanwhile
	tellStale()
	document.getElementById("stale").hidden = false
	const why = await refusal(path)
	if (lost !== since) return
	refused = why || refused
	tellStale()
	setTimeout(() => showStale(path, since), 5000)
}

/** refusal gives the server's words for why it does not stream a path, if it has any. */
async function refusal(path) {
	const enough = new AbortController()
	try {
		const response = await fetch(path, { headers: { Accept: "application/json" }, signal: enough.signal })
		if (response.ok) return ""
		await answerOf(response)
	} catch (e) {
		return e instanceof TypeError ? "" : e.message // a TypeError is that of a connection
	} finally { enough.abort() }
}

const units = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]

/** duration says how long some seconds are, in two units at most: 3d 4h, 12m 5s. */
export function duration(seconds) {
	let left = Math.max(0, Math.round(seconds))
	const words = []
	for (const [unit, size] of units) {
		const n = Math.floor(left / size)
		left -= n * size
		if (n > 0) words.push(n + unit)
		else if (words.length > 0) break
		if (words.length === 2) break
	}
	return words.length ? words.join(" ") : "0s"
}

/** now is the server's time in Unix seconds, as far as the page knows it: streams say it. What they bring may have been made long ago. */
export const now = () => Date.now() / 1000 + skew
let skew = 0
function setClock(seconds) { if (seconds) skew = seconds - Date.now() / 1000 }

/** since is an element that says how long ago a moment was, and goes on with the time. */
export function since(seconds, none = "never") {
	if (!seconds) return el("span", { class: "muted" }, none)
	return el("time", { datetime: new Date(seconds * 1000).toISOString(), title: clock(seconds), "data-since": seconds }, duration(now() - seconds))
}

/** until is since for what is to come. */
export function until(seconds, none = "never") {
	if (!seconds) return el("span", { class: "muted" }, none)
	return el("time", { datetime: new Date(seconds * 1000).toISOString(), title: clock(seconds), "data-until": seconds }, duration(seconds - now()))
}

setInterval(() => {
	if (document.hidden) return
	for (const t of document.querySelectorAll("time[data-since]")) t.textContent = duration(now() - Number(t.dataset.since))
	for (const t of document.querySelectorAll("time[data-until]")) t.textContent = duration(Number(t.dataset.until) - now())
}, 1000)

const two = (n) => String(n).padStart(2, "0")

/** clock gives a moment as local date and time. */
export function clock(seconds) {
	const d = new Date(seconds * 1000)
	return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** count gives a number with thin spaces between thousands. */
export const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u2009")

/** badge shows a state: colour, and a word, since not everybody sees colours. soft is one that is being confirmed. */
export function badge(state, soft) {
	return el("span", { class: "badge", "data-state": state, "data-soft": soft ? "1" : null, title: soft ? `${state}, being confirmed` : state }, state)
}

/** objectPath is where a host's or service's page is. */
export function objectPath(host, service) {
	const q = new URLSearchParams({ host })
	if (service) q.set("service", service)
	return `object?${q}`
}

/** objectLink leads to a host or service. */
export function objectLink(host, service, text) {
	return el("a", { class: "object", href: objectPath(host, service) }, text ?? (service ? [el("bdi", {}, host), el("span", { class: "slash" }, "/"), el("bdi", {}, service)] : host))
}

/** toast says something for some seconds; kind is good or bad. */
export function toast(text, kind = "good") {
	const t = el("div", { class: "toast", "data-kind": kind }, text)
	document.getElementById("toasts").append(t)
	setTimeout(() => t.remove(), kind === "bad" ? 12000 : 5000)
}

/** attempt does something, and says what went wrong with it; it gives undefined then. */
export async function attempt(doing) {
	try { return await doing() } catch (e) { toast(e.message, "bad") }
}

/** dialog asks for something; content is what stands in it. It gives true when it was confirmed. */
export function dialog(title, content, confirm = "OK", kind = "") {
	return new Promise((done) => {
		const form = el("form", { method: "dialog" }, el("h2", {}, title), content, el("div", { class: "buttons" },
			el("button", { type: "button", class: "plain", onclick: () => d.close("") }, "Cancel"),
			el("button", { class: `main ${kind}`, value: "yes" }, confirm)))
		const d = el("dialog", { class: "dialog" }, form)
		d.addEventListener("close", () => { d.remove(); done(d.returnValue === "yes") })
		document.body.append(d)
		d.showModal()
	})
}

/** field is a labelled input of a form. */
export function field(label, input, hint) {
	return el("label", { class: "field" }, el("span", {}, label), input, hint ? el("small", {}, hint) : null)
}

/** card is a part of a page with a title. */
export function card(title, ...children) {
	return el("section", { class: "card" }, title ? el("h2", {}, title) : null, children)
}

/** empty says that there is nothing, which is often good. */
export function empty(text, hint) {
	return el("div", { class: "empty" }, el("p", {}, text), hint ? el("p", { class: "muted" }, hint) : null)
}

/** table makes a table; columns are texts or {text, class}, rows lists of cells. */
export function table(columns, rows) {
	const cell = (tag, c) => el(tag, { class: c?.class, scope: tag === "th" ? "col" : null }, c?.text ?? c)
	return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, columns.map((c) => cell("th", c)))),
		el("tbody", {}, rows.map((r) => el("tr", {}, r.map((c) => (c instanceof Node || typeof c !== "object" || Array.isArray(c) ? el("td", {}, c) : cell("td", c))))))))
}

/** keys has single keys do something while nobody types: {"r": refresh}. */
export function keys(map) {
	document.addEventListener("keydown", (e) => {
		if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, textarea, select, dialog, [contenteditable]")) return
		const doing = map[e.key]
		if (doing) { e.preventDefault(); doing(e) }
	})
}

/** params are the filters in the URL; setParams changes them without a new page. */
export const params = () => new URLSearchParams(location.search)
export function setParams(changes) {
	const p = params()
	for (const [k, v] of Object.entries(changes)) v === null || v === "" || v === undefined ? p.delete(k) : p.set(k, v)
	history.replaceState(null, "", location.pathname + (p.size ? "?" + p : ""))
}
