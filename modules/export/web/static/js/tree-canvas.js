// The tree as a picture: drawing it, moving in it by mouse, touch and keyboard, and lighting ways.
import { el, svg } from "./base.js"
import { BOX, layout } from "./layout.js"
import { colour, inside, names, spoken, title, word, worstInside } from "./tree-words.js"

const ruler = document.createElement("canvas").getContext("2d")
const measured = (text, weight, size) => { ruler.font = `${weight} ${size}px system-ui, sans-serif`; return ruler.measureText(text).width }
const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
const smallest = 0.15, largest = 2.5

/** shownName is a node's name as far as there is room for it, and shownRange what a group adds to it. */
const shownName = (n) => clip(title(n), 34)
const shownRange = (n) => clip(names(n), 40)

function wide(n) {
	const range = n.host ? 0 : measured(shownRange(n), 400, 11) + 8
	const says = word(n) ? measured(word(n), 650, 10.5) + 14 : 0
	return Math.ceil(26 + measured(shownName(n), 600, 12.5) + range + says + 14)
}

/**
 * canvas makes the picture. It calls chosen(id) when a node is chosen, fold(id) when one is to be folded or unfolded, and leave(id) when its
 * page is to be opened. owner(shard) says who owns a shard, covered() how many pixels of the window's foot something else covers, and narrow() whether the window is a phone's.
 */
export function canvas({ chosen, fold, leave, owner, covered, narrow }) {
	const world = svg("g", { class: "world" })
	const root = svg("svg", { class: "canvas", role: "tree", "aria-label": "The tree of hosts. Arrow keys walk, enter unfolds, o opens the page." }, marks(), world)
	const node = el("div", { class: "picture" }, root)
	const view = { x: 0, y: 0, k: 1 }
	let own = false // somebody has moved it: it stays as he has it
	const c = { node, picture: { nodes: [], edges: [] }, place: null, parts: new Map(), at: null }
	const sign = (shard) => { const who = owner(shard); return `shard ${shard}${who ? ` · ${who}` : ""}` }
	const paint = () => world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`)
	const box = () => root.getBoundingClientRect()

	c.draw = (picture, anchor) => {
		const before = anchored(c, anchor ?? c.at, view, box())
		c.picture = picture
		c.place = layout(picture, wide, (shard) => measured(sign(shard), 600, 10.5) + 8)
		const fresh = c.parts.size === 0
		build(c, world, sign)
		for (const [id, g] of c.parts) listen(g, id)
		own ||= !fresh && anchor !== null
		if (fresh) c.home()
		else if (before && c.place.at.has(before.id)) {
			const now = c.place.at.get(before.id)
			view.x = before.x - now.x * view.k
			view.y = before.y - now.y * view.k
		} else c.fit()
		paint()
		if (c.at) c.choose(c.at, false)
	}
	c.look = (looks) => {
		for (const n of c.picture.nodes) {
			if (!looks[n.id]) continue
			for (const key of ["since", "ack", "soft", "downtime", "flapping", "down", "handled", "out", "pending", "ill", "worst", "state", "kind"]) delete n[key]
			Object.assign(n, looks[n.id])
			const g = c.parts.get(n.id)
			dress(g, n, c.place.at.get(n.id))
		}
		tint(c)
	}
	c.fit = () => {
		own = false
		const b = box(), p = c.place
		if (!p || !b.width) return
		view.k = Math.min(1.15, (b.width - 70) / (p.width + 40), (b.height - 60) / p.height)
		view.k = Math.max(smallest, view.k)
		view.x = Math.max(28, (b.width - (p.width + 40) * view.k) / 2)
		view.y = Math.max(24, (b.height - p.height * view.k) / 2)
		paint()
	}
	/** home fits, but not so small that nobody can read: then it begins with what is worst. On a phone no part of it says where it is: it fits. */
	c.home = () => {
		c.fit()
		if (view.k >= 0.72 || narrow()) return
		view.k = 0.85
		view.x = 28
		view.y = 24
		const worst = c.picture.nodes.find((n) => n.id === c.at) ?? c.picture.nodes.find((n) => n.kind === "broken")
		if (worst) c.reveal(worst.id, true)
		paint()
	}
	c.zoom = (by, at) => {
		const b = box(), k = Math.min(largest, Math.max(smallest, view.k * by))
		const x = at ? at.x - b.left : b.width / 2, y = at ? at.y - b.top : b.height / 2
		view.x = x - ((x - view.x) * k) / view.k
		view.y = y - ((y - view.y) * k) / view.k
		view.k = k
		own = true
		paint()
	}
	c.pan = (dx, dy) => { view.x += dx; view.y += dy; own = true; paint() }
	/** reveal brings a node into sight. */
	c.reveal = (id, middle) => {
		const p = c.place?.at.get(id), b = box()
		if (!p) return
		const x = view.x + p.x * view.k, y = view.y + p.y * view.k
		const rim = 40, right = b.width - Math.min(p.w, 240) * view.k - rim
		const foot = Math.max(2 * rim, Math.min(b.height, innerHeight - covered() - b.top))
		if (middle || y < rim || y > foot - rim) view.y += foot / 2 - y
		if (x < rim || x > right) view.x += (x < rim ? rim : Math.max(rim, right)) - x
		paint()
	}
	c.choose = (id, focus = true) => {
		if (c.at && c.parts.has(c.at)) mark(c.parts.get(c.at), false)
		c.at = c.parts.has(id) ? id : null
		near(c)
		if (!c.at) return
		const g = c.parts.get(id)
		mark(g, true)
		if (focus) { c.reveal(id); g.focus({ preventScroll: true }) }
	}
	const choose = (id, focus) => { c.choose(id, focus); chosen(c.at) }

	function listen(g, id) {
		g.addEventListener("click", (e) => (e.target.closest(".handle") ? fold(id) : choose(id)))
		g.addEventListener("dblclick", () => fold(id))
		g.addEventListener("pointerenter", () => light(c, root, id))
		g.addEventListener("pointerleave", () => light(c, root, null))
		g.addEventListener("focus", () => { if (c.at !== id) choose(id, false); c.reveal(id) })
	}
	root.addEventListener("keydown", (e) => {
		const id = e.target.dataset?.id
		if (!id || e.ctrlKey || e.metaKey || e.altKey) return
		const n = c.picture.nodes.find((one) => one.id === id)
		const go = { ArrowLeft: () => left(n), ArrowRight: () => right(n), ArrowUp: () => beside(c, id, -1), ArrowDown: () => beside(c, id, 1), Home: () => c.picture.nodes[0].id }[e.key]
		if (go) {
			const to = go()
			if (to) choose(to)
		} else if (e.key === "Enter" || e.key === " ") fold(id)
		else if (e.key === "o") leave(id)
		else return
		e.preventDefault()
		e.stopPropagation()
	})
	const left = (n) => n.trunk || c.picture.edges.find((e) => e.to === n.id && e.kind === "parent")?.from
	function right(n) {
		if (n.folds && !n.open) { fold(n.id); return null }
		const kid = c.picture.nodes.find((one) => one.trunk === n.id)
		return kid?.id ?? c.picture.edges.find((e) => e.from === n.id)?.to
	}
	drag(root, c)
	new ResizeObserver(() => {
		if (!c.place || !box().width) return
		if (!own) c.home()
		else if (c.at) c.reveal(c.at)
	}).observe(node)
	return c
}

/** marks are the patterns that the picture uses. */
function marks() {
	return svg("defs", {}, svg("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 7, height: 7, class: "hatch-bg" }), svg("line", { x1: 0, y1: 0, x2: 0, y2: 7, class: "hatch" })))
}

/** anchored finds a node that is to stay where it is on the screen: the one that is asked for, or one near the middle. */
function anchored(c, id, view, b) {
	if (!c.place) return null
	const on = (p) => ({ x: view.x + p.x * view.k, y: view.y + p.y * view.k })
	if (!c.place.at.has(id)) {
		let best = Infinity
		for (const [one, p] of c.place.at) {
			const s = on(p), far = Math.hypot(s.x - b.width / 3, s.y - b.height / 2)
			if (far < best) [best, id] = [far, one]
		}
	}
	const p = c.place.at.get(id)
	return p ? { id, ...on(p) } : null
}

/** build makes the elements of all nodes and edges; focus stays where it was. */
function build(c, world, sign) {
	const focus = document.activeElement?.dataset?.id
	const { at } = c.place
	c.parts = new Map()
	c.lines = c.picture.edges.map((e) => ({ e, path: svg("path", { class: `edge ${e.kind}`, d: way(at.get(e.from), at.get(e.to)) }) }))
	const nodes = c.picture.nodes.map((n) => {
		const p = at.get(n.id)
		const g = svg("g", { class: "node", "data-id": n.id, tabindex: "-1", role: "treeitem", transform: `translate(${p.x} ${p.y - BOX / 2})` })
		c.parts.set(n.id, g)
		dress(g, n, p)
		return g
	})
	world.replaceChildren(...c.place.cuts.map((cut) => fence(cut, sign)), svg("g", {}, c.lines.map((l) => l.path)), ...nodes)
	tint(c)
	const first = c.parts.get(c.at) ?? nodes[0]
	first?.setAttribute("tabindex", "0")
	if (focus && c.parts.has(focus)) c.parts.get(focus).focus({ preventScroll: true })
}

/** dress makes what is in a node, anew when its state is another. */
function dress(g, n, p) {
	const w = p.w, says = word(n)
	g.dataset.kind = n.kind
	g.dataset.state = colour(n)
	g.setAttribute("aria-level", n.level + 1)
	g.setAttribute("aria-label", spoken(n))
	if (n.folds) g.setAttribute("aria-expanded", Boolean(n.open))
	g.replaceChildren(...[
		svg("title", {}, spoken(n)),
		n.host ? null : svg("rect", { class: "back", x: 4, y: 4, width: w, height: BOX, rx: 7 }),
		svg("rect", { class: "box", width: w, height: BOX, rx: 7 }),
		shape(n),
		svg("text", { class: "name", x: 26, y: 18.5 }, shownName(n), n.host ? null : svg("tspan", { class: "range", dx: 8 }, shownRange(n))),
		says ? svg("text", { class: "word", x: w - 12, y: 18, "text-anchor": "end" }, says) : null,
		n.folds ? handle(n, w) : null,
	].filter(Boolean))
}

/** shape tells kinds apart for who does not see colours: a disc is well, a diamond broken, a ring out of reach. */
function shape(n) {
	if (n.kind === "broken" || n.kind === "handled") return svg("path", { class: "shape", d: "M14 8.2 L19.8 14 L14 19.8 L8.2 14 Z" })
	return svg("circle", { class: "shape", cx: 14, cy: 14, r: 4.5 })
}

/** handle folds and unfolds; folded it says how much is behind, in the colour of the worst. */
function handle(n, w) {
	const kind = n.host && !n.open ? worstInside(n) : "fine"
	const text = n.open ? "–" : n.behind ? `+${n.behind}` : "+"
	const wide = Math.max(20, measured(text, 600, 11) + 13)
	return svg("g", { class: "handle", "data-state": kind === "fine" ? null : colour(n, kind), transform: `translate(${w - 5} ${BOX / 2 - 9})` },
		svg("title", {}, n.open ? "fold" : ["unfold", ...inside(n)].join(", ")),
		svg("rect", { width: wide, height: 18, rx: 9 }), svg("text", { x: wide / 2, y: 13, "text-anchor": "middle" }, text))
}

/** way is the line of an edge, softly bent. What stands further left is where it begins; what stands in one column is joined around its left. */
function way(a, b) {
	if (b.x + b.w < a.x) return way(b, a)
	if (b.x < a.x + a.w) {
		const side = Math.min(a.x, b.x) - Math.min(60, 16 + Math.abs(b.y - a.y) / 8)
		return `M${a.x} ${a.y} C${side} ${a.y} ${side} ${b.y} ${b.x} ${b.y}`
	}
	const x = a.x + a.w, far = Math.max(36, (b.x - x) / 2)
	return `M${x} ${a.y} C${x + far} ${a.y} ${b.x - far} ${b.y} ${b.x} ${b.y}`
}

/** fence is a dashed line around what lies in another shard. */
function fence(cut, sign) {
	return svg("g", { class: "cut" }, svg("rect", { x: cut.x, y: cut.y, width: cut.w, height: cut.h, rx: 10 }),
		svg("text", { x: cut.x + cut.w - 8, y: cut.y + cut.h / 2 + 4, "text-anchor": "end" }, sign(cut.shard)))
}

/** tint gives each edge the state of where it leads. */
function tint(c) {
	const kinds = new Map(c.picture.nodes.map((n) => [n.id, n.kind]))
	for (const { e, path } of c.lines) path.dataset.kind = e.kind === "cause" ? "broken" : kinds.get(e.to)
}

function mark(g, on) {
	g.classList.toggle("chosen", on)
	g.setAttribute("aria-selected", on)
	g.setAttribute("tabindex", on ? "0" : "-1")
}

/** near shows plainly the lines of business rules of the chosen node: of all others they are faint, since they run across what lies between. */
function near(c) {
	for (const { e, path } of c.lines ?? []) path.classList.toggle("near", Boolean(c.at) && (e.from === c.at || e.to === c.at))
}

/** light shows the ways to a node from what is in front of it, and to what is behind it. */
function light(c, root, id) {
	root.classList.toggle("lighting", Boolean(id))
	const lit = new Set(id ? [id] : [])
	const lines = new Set()
	for (const [here, there] of [["to", "from"], ["from", "to"]]) {
		const seen = new Set([id])
		for (const at of seen) {
			for (const l of c.lines) {
				if (l.e[here] !== at || l.e.kind === "needs") continue
				lines.add(l)
				lit.add(l.e[there])
				seen.add(l.e[there])
			}
		}
	}
	for (const l of c.lines) l.path.classList.toggle("lit", Boolean(id) && lines.has(l))
	for (const [one, g] of c.parts) g.classList.toggle("lit", lit.has(one))
}

/** beside is the next node of the same column, up or down. */
function beside(c, id, step) {
	const own = c.place.at.get(id)
	let best = null
	for (const [one, p] of c.place.at) {
		if (p.x === own.x && (p.y - own.y) * step > 0 && (!best || (p.y - best.y) * step < 0)) best = { one, y: p.y }
	}
	return best?.one
}

/** drag moves and zooms by mouse and by one or two fingers. */
function drag(root, c) {
	const down = new Map()
	let moved = false
	const spread = () => { const [a, b] = [...down.values()]; return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, d: Math.hypot(a.x - b.x, a.y - b.y) } }
	root.addEventListener("pointerdown", (e) => {
		if (e.button !== 0) return
		if (e.isPrimary) { down.clear(); moved = false } // what was under a finger may have been drawn anew, and never heard of its end
		if (down.size < 2) down.set(e.pointerId, { x: e.clientX, y: e.clientY })
	})
	root.addEventListener("pointermove", (e) => {
		const was = down.get(e.pointerId)
		if (!was) return
		if (!moved && Math.hypot(e.clientX - was.x, e.clientY - was.y) < 4) return
		if (!root.hasPointerCapture(e.pointerId)) root.setPointerCapture(e.pointerId)
		moved = true
		root.classList.add("moving")
		const before = down.size === 2 ? spread() : null
		down.set(e.pointerId, { x: e.clientX, y: e.clientY })
		if (!before) { c.pan(e.clientX - was.x, e.clientY - was.y); return }
		const after = spread()
		c.pan(after.x - before.x, after.y - before.y)
		if (before.d > 0) c.zoom(after.d / before.d, after)
	})
	const up = (e) => { down.delete(e.pointerId); root.classList.remove("moving") }
	root.addEventListener("pointerup", up)
	root.addEventListener("pointercancel", up)
	root.addEventListener("click", (e) => { if (moved) { e.stopPropagation(); moved = false } }, true)
	root.addEventListener("wheel", (e) => {
		e.preventDefault()
		c.zoom(Math.exp(-Math.max(-60, Math.min(60, e.deltaY)) / (e.ctrlKey ? 60 : 240)), { x: e.clientX, y: e.clientY })
	}, { passive: false })
}
