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
		else node.setAttribute(name, value === true ? "" : value)
	}
	node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false))
	return node
}

/** show puts something in place of all that is in the page. */
export function show(...children) {
	main().replaceChildren(...children.flat(Infinity).filter(Boolean))
}

/** me is who looks at the page; role is nobody, read, command or admin. */
export const me = { name: document.body.dataset.who, role: document.body.dataset.role }

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
	const value = type.startsWith("application/json") ? await response.json() : { error: await response.text() }
	if (response.status === 401 && document.body.dataset.page !== "sign-in") location.href = `sign-in?to=${encodeURIComponent(here())}`
	if (!response.ok) throw new Error(value.error || response.statusText)
	return value
}

/** here is the page with its filters, relative to /ui/. */
export const here = () => location.pathname.split("/").pop() + location.search

/**
 * live keeps up to date what a path streams: whole(value) once, and after each loss of the connection, then change(value). A page that is
 * hidden does not listen: a browser has few connections to one server. It gives a function that ends it.
 */
export function live(path, { whole, change }) {
	let source = null
	const open = () => {
		if (source || document.hidden) return
		source = new EventSource(path)
		source.addEventListener("whole", (e) => { pulse("on"); whole(JSON.parse(e.data)) })
		source.addEventListener("change", (e) => { pulse("on"); (change ?? whole)(JSON.parse(e.data)) })
		source.addEventListener("open", () => pulse("on"))
		source.addEventListener("error", () => {
			pulse("off")
			if (source?.readyState !== EventSource.CLOSED) return
			close()
			setTimeout(open, 3000)
		})
	}
	const close = () => { source?.close(); source = null }
	const turn = () => (document.hidden ? close() : open())
	document.addEventListener("visibilitychange", turn)
	addEventListener("pagehide", close)
	addEventListener("pageshow", open)
	open()
	return () => { document.removeEventListener("visibilitychange", turn); close() }
}

// patience is how long a lost connection is no news: it is often back within a second.
const patience = 2000
let lost = null

/** pulse shows whether the page is up to date: what is old must not look as if it were so now. */
function pulse(state) {
	const dot = document.getElementById("pulse")
	dot.dataset.state = state
	dot.title = state === "on" ? "live" : "the connection is lost; trying again"
	if (state === "on") {
		lost = null
		document.getElementById("stale").hidden = true
	} else if (!lost) {
		lost = Date.now() / 1000
		setTimeout(showStale, patience)
	}
}

function showStale() {
	if (!lost) return
	const bar = document.getElementById("stale")
	bar.textContent = `Not up to date since ${clock(lost)}: the connection to Onbu is lost. Trying again.`
	bar.hidden = false
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

/** now is the server's time in Unix seconds, as far as the page knows it. */
export const now = () => Date.now() / 1000 + skew
let skew = 0
/** at tells the page the server's time. */
export function at(seconds) { if (seconds) skew = seconds - Date.now() / 1000 }

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
	return el("a", { class: "object", href: objectPath(host, service) }, text ?? (service ? [host, el("span", { class: "slash" }, "/"), service] : host))
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
