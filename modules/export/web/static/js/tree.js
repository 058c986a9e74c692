// The dependency tree: what is broken with the way that leads there, what suffers from it, and the rest folded.
import { attempt, badge, count, el, get, keys, live, objectPath, params, setParams, show, since, svg, toast } from "./base.js"
import { pick } from "./pick.js"
import { canvas } from "./tree-canvas.js"
import { list } from "./tree-list.js"
import { inside, names, title } from "./tree-words.js"

const narrow = matchMedia("(max-width: 760px)")
const state = { around: params().get("around") ?? "", open: params().getAll("open"), shut: params().getAll("shut"), at: params().get("at"), as: params().get("as") }
const owners = new Map()
let picture = null, stop = null, anchor = null, wanted = state.at

const form = () => state.as ?? (narrow.matches ? "list" : "picture")
const covered = () => (side.hidden || getComputedStyle(side).position !== "fixed" ? 0 : innerHeight - side.getBoundingClientRect().top)
const calls = { chosen: choose, fold, leave, owner: (shard) => owners.get(shard), covered, narrow: () => narrow.matches }
let stage = null

const search = pick((one) => find(one.host), { label: "Find a host in the tree", placeholder: "Find in the tree" })
const note = el("div", { class: "tree-note", role: "status" })
const sum = el("p", { class: "muted tree-sum" })
const back = el("button", { type: "button", hidden: true, onclick: () => go("") }, "All trees")
const ways = el("div", { class: "segment", role: "group", "aria-label": "Show as" }, ["picture", "list"].map((as) => el("button", { type: "button", "data-as": as, onclick: () => { state.as = as; setParams({ as }); mount() } }, as === "picture" ? "Picture" : "List")))
const zoom = el("div", { class: "zoom", role: "group", "aria-label": "Zoom" }, [["+", "larger", () => stage.zoom?.(1.3)], ["–", "smaller", () => stage.zoom?.(1 / 1.3)], ["Fit", "all of it", () => stage.fit?.()]].map(([text, what, doing]) => el("button", { type: "button", title: what, "aria-label": what, onclick: doing }, text)))
const side = el("aside", { class: "tree-side", hidden: true, "aria-label": "The chosen node" })
const ground = el("div", { class: "tree-ground" })

show(el("div", { class: "head tree-head" }, el("h1", {}, "Tree"), sum, el("span", { class: "grow" }), back, search, ways), note, el("div", { class: "tree" }, ground, side), legend())
mount()
listen()
ownersOf()
setInterval(ownersOf, 15000)
keys({ "+": () => stage.zoom?.(1.3), "=": () => stage.zoom?.(1.3), "-": () => stage.zoom?.(1 / 1.3), 0: () => stage.fit?.(), f: () => search.input.focus(), o: () => state.at && leave(state.at), Escape: () => choose(null) })

/** mount shows the picture or the list. */
function mount() {
	const as = form()
	for (const b of ways.children) b.setAttribute("aria-pressed", b.dataset.as === as)
	stage = as === "list" ? list(calls) : canvas(calls)
	stage.at = state.at
	ground.dataset.as = as
	ground.replaceChildren(stage.node, as === "picture" ? zoom : "")
	if (picture) { stage.draw(picture); stage.choose(state.at, false) }
}

/** listen follows the picture that is asked for. */
function listen() {
	stop?.()
	const q = new URLSearchParams()
	if (state.around) q.set("around", state.around)
	for (const id of state.open) q.append("open", id)
	for (const id of state.shut) q.append("shut", id)
	history.replaceState(null, "", url(q))
	stop = live(`data/tree/live?${q}`, { whole: take, change: take })
}

function url(q) {
	const p = new URLSearchParams(q)
	for (const key of ["at", "as"]) if (state[key]) p.set(key, state[key])
	return location.pathname + (p.size ? `?${p}` : "")
}

/** take shows what the server says: another picture, or how the nodes of this one are. */
function take(news) {
	if (news.picture) {
		picture = news.picture
		stage.draw(picture, anchor)
		anchor = null
		settle()
	} else {
		for (const n of picture.nodes) if (news.looks[n.id]) { if (stage.parts === undefined) replace(n, news.looks[n.id]); if (n.id === state.at) details() }
		stage.look(news.looks)
	}
	tell()
}

function replace(n, look) {
	for (const key of ["since", "ack", "soft", "downtime", "flapping", "down", "handled", "out", "pending", "ill", "worst"]) delete n[key]
	Object.assign(n, look)
}

/** settle chooses what is to be chosen, once it is there. */
function settle() {
	if (wanted && picture.nodes.some((n) => n.id === wanted)) { choose(wanted); stage.choose(wanted, true) }
	wanted = null
	if (state.at && !picture.nodes.some((n) => n.id === state.at)) choose(null)
}

/** tell says what there is, and what is missing. */
function tell() {
	const broken = picture.nodes.filter((n) => n.host && n.kind === "broken").length
	sum.textContent = [`${count(picture.hosts)} hosts, and hosts only`, broken ? `${count(broken)} root ${broken === 1 ? "problem" : "problems"} shown` : "", state.around ? visible(`around ${state.around}`) : ""].filter(Boolean).join(" · ")
	back.hidden = !state.around
	const text = picture.unknown ? [`No host is called ${state.around}.`] : picture.full ? ["There is more trouble than one picture holds: the worst is shown, the rest is folded. The page of problems lists all."] : picture.hosts === 0 ? ["There are no hosts yet."] : []
	note.replaceChildren(...text.map((t) => el("p", { class: "note" }, t)))
}

const node = (id) => picture?.nodes.find((n) => n.id === id)

/** fold folds or unfolds a node. */
function fold(id) {
	const n = node(id)
	if (!n?.folds) return
	const without = (all) => all.filter((one) => one !== id)
	state.open = without(state.open)
	state.shut = without(state.shut)
	if (n.open) state.shut = [...state.shut, id].slice(-60)
	else state.open = [...state.open, id].slice(-60)
	anchor = id
	listen()
}

/** leave opens the page of a host; a group has none. */
function leave(id) {
	const n = node(id)
	if (n?.host) location.href = objectPath(n.host)
	else toast("A group has no page: enter unfolds it")
}

/** find shows a host: where it is in sight, or a picture around it. */
function find(host) {
	const id = `h:${host}`
	if (node(id)) { choose(id); stage.choose(id, true) } else go(host)
}

/** go shows the picture around a host; all trees for none. */
function go(host) {
	Object.assign(state, { around: host, open: [], shut: [] })
	wanted = host ? `h:${host}` : state.at
	picture = null
	mount()
	listen()
}

/** choose shows what is known of a node. */
function choose(id) {
	state.at = id
	setParams({ at: id })
	side.hidden = !id
	side.parentNode.toggleAttribute("data-beside", Boolean(id))
	if (id) details()
}

let turn = 0
async function details() {
	const n = node(state.at), mine = ++turn
	if (!n) return
	if (!n.host) return beside(n.id, group(n))
	const d = await attempt(() => get(`data/tree/host?${new URLSearchParams({ host: n.host })}`))
	if (d && mine === turn) beside(n.id, host(n, d))
}

/** beside fills what stands beside the picture, and has it not cover what it is about. */
function beside(id, parts) {
	const grew = side.dataset.of !== id
	side.dataset.of = id
	side.replaceChildren(...parts)
	if (grew && covered()) requestAnimationFrame(() => stage.reveal(id))
}

const walk = (name) => el("button", { type: "button", class: "plain walk", onclick: () => find(name) }, name)
const fact = (name, value) => (value ? [el("dt", {}, name), el("dd", {}, value)] : null)
const shut = () => el("button", { type: "button", class: "plain close", "aria-label": "Close", onclick: () => choose(null) }, "×")

const walks = (what, all) => (all.length ? el("p", { class: "walks" }, el("span", { class: "muted" }, what), all.map(walk)) : null)

/** host is what stands beside the picture about a host. */
function host(n, d) {
	const owner = owners.get(d.shard)
	const marks = [n.ack ? "acknowledged" : "", n.downtime ? "in downtime" : "", n.flapping ? "flapping" : ""].filter(Boolean)
	return [shut(), el("h2", {}, d.host), el("p", { class: "tree-state" }, badge(d.state, d.soft), d.since ? el("span", { class: "muted" }, "for ", since(d.since)) : null, marks.map((m) => el("span", { class: "tag" }, m))),
		d.output ? el("pre", { class: "tree-output" }, d.output) : null,
		d.causes.length ? el("p", { class: "tree-cause" }, el("b", {}, "Root cause: "), d.causes.map((c) => [walk(c.host), c.service ? `/${c.service} ` : " "])) : n.kind === "broken" ? el("p", { class: "tree-cause" }, el("b", {}, "This is a root problem."), d.out ? ` ${count(d.out)} hosts behind it are out of reach.` : "") : null,
		el("dl", { class: "facts" }, [fact("Address", d.address), fact("Alias", d.alias !== d.host && d.alias), fact("Checked", d.checked ? [since(d.checked), " ago"] : "never"), fact("Services", d.ill ? `${count(d.ill)} not OK, at worst ${d.worst}` : null),
			fact("Behind it", d.behind ? [`${count(d.behind)} hosts`, ...inside(d)].join(", ") : "nothing"), fact("Shard", `${d.shard}${owner ? `, of ${owner}` : ""}`)].flat().filter(Boolean)),
		walks("In front: ", d.parents.filter((p) => !d.sources.includes(p))), walks("Speaks for it: ", d.sources), walks("Its business rule follows from: ", d.needs),
		d.children.length ? el("p", { class: "walks" }, el("span", { class: "muted" }, "Directly behind: "), d.children.map(walk), d.number > d.children.length ? el("span", { class: "muted" }, ` and ${count(d.number - d.children.length)} more`) : null) : null,
		el("div", { class: "side-buttons" }, el("a", { class: "button", href: objectPath(d.host) }, "Open"), state.around === d.host ? null : el("button", { type: "button", onclick: () => go(d.host) }, "Around it"), el("a", { class: "button", href: `simulate?${new URLSearchParams({ of: d.host })}` }, "If it failed…"))].filter(Boolean)
}

/** group is what stands beside the picture about a group. */
function group(n) {
	return [shut(), el("h2", {}, title(n)), el("p", { class: "muted" }, names(n)), el("dl", { class: "facts" }, [fact("How they are", inside(n).join(", ") || "all up"), fact("Behind them", n.behind ? `${count(n.behind)} hosts` : null)].flat().filter(Boolean)),
		el("div", { class: "side-buttons" }, el("button", { type: "button", onclick: () => fold(n.id) }, "Show them"))]
}

/** ownersOf asks who owns which shard, for the words at cuts. */
async function ownersOf() {
	try {
		const before = JSON.stringify([...owners])
		for (const r of await get("data/tree/nodes")) for (const shard of r.shards ?? []) if (r.role === "scheduler") owners.set(shard, r.node)
		if (picture && JSON.stringify([...owners]) !== before) stage.draw(picture)
	} catch { /* the picture is as good without */ }
}

function legend() {
	const line = (kind, text) => el("li", { class: "of-picture" }, svg("svg", { class: "sample", viewBox: "0 0 24 8", "aria-hidden": "true" }, svg("path", { class: `edge ${kind}`, d: "M1 4 H23" })), text)
	const one = (kind, state, text) => el("li", { "data-kind": kind, "data-state": state }, el("span", { class: "dot" }), text)
	return el("ul", { class: "legend", "aria-label": "Legend" }, one("broken", "DOWN", "root problem"), one("handled", "DOWN", "acknowledged or in downtime"), one("impact", "UNREACHABLE", "suffers from a root problem"), one("fine", "UP", "up"), one("pending", "PENDING", "never checked"),
		line("parent", "parent"), line("feeds", "piggyback: speaks for"), line("rule", "business rule, plain where one points"), line("needs", "dependency"),
		el("li", { class: "of-picture" }, el("span", { class: "dash" }), "cut: another shard"), el("li", { class: "keys-hint" }, el("kbd", {}, "←↑→↓"), " walk ", el("kbd", {}, "↵"), " fold ", el("kbd", {}, "o"), " page", el("span", { class: "of-picture" }, " ", el("kbd", {}, "+ – 0"), " zoom")))
}
