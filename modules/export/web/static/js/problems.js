// The page of problems: what is wrong, root causes first, and what people do about it.
import { clock, count, el, entitle, get, keys, live, may, objectLink, badge, params, setParams, show, svg } from "./base.js"
import { actionBar } from "./actions.js"
import { filterBar, filtered, filters } from "./problem-filters.js"
import { problemList } from "./problem-list.js"
import { keyOf } from "./problem-row.js"

const perPage = () => Number(params().get("limit") ?? 100)
const offset = () => Number(params().get("offset") ?? 0)

const model = { rows: new Map(), order: [], numbers: null }
let stop = () => {}

const list = problemList(() => paintAround())
const bar = filterBar(() => listen())
const title = el("h1", {}, "Problems")
const summary = el("span", { class: "muted summary" })
const news = el("button", { type: "button", class: "news", hidden: true, onclick: () => list.settle() })
const picked = el("span", { class: "picked", hidden: true })
const every = el("button", { type: "button", class: "plain every", hidden: true, title: "All rows that are shown, unfolded impacts too (*)", "aria-keyshortcuts": "*", onclick: () => list.all() })
const body = el("section", { class: "card flush trouble" }, list.list)
const around = el("div", { class: "around" })
const pager = el("nav", { class: "pager", "aria-label": "Pages of the list" })
const also = el("section", { class: "also" })
const actions = actionBar(list.refs, list.clear)

show(el("div", { class: "head" }, title, summary, el("span", { class: "grow" }), every, picked, actions), bar.bar, news, body, around, pager, also)

/** listen has the list follow the filters. */
function listen() {
	stop()
	body.setAttribute("aria-busy", "true")
	list.clear()
	stop = live(`data/problems/live?${filters()}`, { whole: (d) => receive(d, true), change: (d) => receive(d, false) })
	findFine()
}

/** receive takes what has changed. */
function receive(data, whole) {
	if (data.error) return trouble(data.error)
	if (whole) model.rows.clear()
	for (const row of data.rows ?? []) model.rows.set(keyOf(row), row)
	if (data.order || data.empty) {
		model.order = data.order ?? []
		const keep = new Set(model.order)
		for (const key of model.rows.keys()) if (!keep.has(key)) model.rows.delete(key)
	}
	if (data.numbers) model.numbers = data.numbers
	bar.update(model.numbers)
	const turned = body.getAttribute("aria-busy") === "true"
	body.removeAttribute("aria-busy")
	list.show(model.order, model.rows)
	if (turned) list.settle()
	if (turned && arrive !== null) list.point(arrive)
	if (turned) arrive = null
	if (!performance.getEntriesByName("problems-shown").length) requestAnimationFrame(() => performance.mark("problems-shown"))
}

/** trouble says what the server has to say. */
function trouble(text) { around.replaceChildren(el("p", { class: "note bad" }, text)) }

/** paintAround writes what stands around the list. */
function paintAround() {
	const n = model.numbers
	if (!n) return
	entitle({ open: n.open })
	const here = `${count(n.open)} open${n.handled ? `, ${count(n.handled)} handled` : ""}`
	summary.replaceChildren(...(n.troubled === 0 ? [] : [here, el("span", { class: "rest" }, ` · ${count(n.troubled)} of ${count(n.hosts + n.services)} hosts and services in trouble`)]))
	picked.hidden = list.chosen() === 0
	every.hidden = !may("command") || list.size() === 0
	every.textContent = "Select all shown"
	const impacts = list.impacts()
	picked.replaceChildren(`${count(list.chosen())} chosen${impacts ? `, ${count(impacts)} of them impacts` : ""}`, el("button", { type: "button", class: "plain", title: "Choose none (Esc)", onclick: list.clear }, "✕"))
	const { added, gone } = list.waiting()
	news.hidden = added === 0 && gone === 0
	news.textContent = [added ? `${count(added)} new` : "", gone ? `${count(gone)} gone` : ""].filter(Boolean).join(", ") + ": show"
	body.hidden = list.size() === 0
	bar.bar.hidden = n.troubled === 0 && !filtered()
	actions.hidden = n.troubled === 0
	around.replaceChildren(list.size() === 0 ? nothing(n) : "")
	paintPager(n)
}

/** nothing is shown where no problem is: which is good, if it is not because of the filters. */
function nothing(n) {
	if (n.hosts === 0) return calm("pending", "Nothing is known yet", "Hosts and services are here as soon as a scheduler has told of them.")
	if (n.total > 0) return calm("pending", "There are fewer problems now", el("a", { href: "problems" }, "To the beginning of the list"))
	if (filtered()) return calm("pending", "No problem fits these filters", el("a", { href: "problems" }, "Show all that is open"))
	if (params().get("handled") === "handled") return calm("pending", "Nobody has taken a problem on", null)
	const rest = n.handled ? [`${count(n.handled)} ${n.handled === 1 ? "problem is" : "problems are"} being taken care of. `, el("a", { href: "problems?handled=all" }, "Show them")] : null
	return calm("ok", n.handled ? "Nothing to do" : "All is well", el("span", {}, `${count(n.hosts)} hosts and ${count(n.services)} services are watched.`), rest ? el("span", {}, rest) : null)
}

function calm(kind, text, ...hints) {
	const sign = svg("svg", { class: `calm ${kind}`, viewBox: "0 0 72 72", "aria-hidden": "true" }, svg("circle", { cx: 36, cy: 36, r: 33 }), svg("path", { d: kind === "ok" ? "M23 37l9 9 17-19" : "M26 36h20" }))
	return el("div", { class: "empty calmly" }, sign, el("p", {}, text), hints.filter(Boolean).map((h) => el("p", { class: "muted" }, h)))
}

function paintPager(n) {
	const [from, size] = [offset(), perPage()]
	if (n.total <= size && from === 0) return pager.replaceChildren()
	const step = (text, key, to, on) => el("button", { type: "button", class: "plain", disabled: !on, title: `${text} (${key})`, onclick: () => turn(to) }, text)
	pager.replaceChildren(step("Before", "[", from - size, from > 0), el("span", { class: "muted" }, `${count(Math.min(from + 1, n.total))}–${count(Math.min(from + size, n.total))} of ${count(n.total)}`), step("After", "]", from + size, from + size < n.total))
}

let arrive = null // which row the cursor goes to when another part of the list is there

/** turn shows another part of the list. */
function turn(to, row = null) {
	if (!model.numbers || body.hasAttribute("aria-busy") || to < 0 && offset() === 0 || to >= model.numbers.total) return
	setParams({ offset: Math.max(0, to) || null })
	arrive = row
	if (row !== -1) scrollTo({ top: 0 })
	listen()
}

/** findFine looks for what is called so and has no problem. */
async function findFine() {
	const q = params().get("q")
	if (!q) return also.replaceChildren()
	try {
		const found = await get(`data/find?${new URLSearchParams({ q })}`)
		if (params().get("q") !== q) return
		also.replaceChildren(...(found.total === 0 ? [el("p", { class: "faint" }, "Nothing that is fine is called so.")] : [el("h2", {}, `Also: ${count(found.total)} that ${found.total === 1 ? "is" : "are"} fine`),
			el("ul", {}, found.rows.map((r) => el("li", {}, badge(r.state), objectLink(r.host, r.service), el("span", { class: "faint" }, [r.alias, r.service ? "" : r.address].filter(Boolean).join(" · "))))),
			found.total > found.rows.length ? el("p", { class: "faint" }, `and ${count(found.total - found.rows.length)} more: type more of the name`) : ""]))
	} catch (e) { also.replaceChildren(el("p", { class: "note bad" }, e.message)) }
}

keys({
	j: () => { if (!list.move(1)) turn(offset() + perPage(), 0) },
	k: () => { if (!list.move(-1)) turn(offset() - perPage(), -1) },
	Enter: (e) => (e.target.closest("a, button, summary") ? e.target.closest("a, button, summary").click() : list.open()),
	x: () => list.choose(false), X: () => list.choose(true), "*": () => list.all(), o: () => list.fold(), Escape: () => list.clear(),
	"[": () => turn(offset() - perPage()), "]": () => turn(offset() + perPage()),
})
listen()
