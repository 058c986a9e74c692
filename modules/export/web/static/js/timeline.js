// The picture of what was: bands of states, flapping and downtimes beside them, and marks for what people were told and did.
import { clock, duration, svg, visible } from "./base.js"

const band = { y: 26, height: 34 }
const beside = { y: 66, height: 7 }
const height = 100
const steps = [300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 5 * 86400, 10 * 86400]

/** draw puts the picture of a timeline into a node of some width; what is pointed at is told in readout. */
export function draw(node, readout, t, width) {
	if (width < 50) return
	const x = (at) => ((Math.min(Math.max(at, t.from), t.to) - t.from) / (t.to - t.from)) * width
	const items = [...bands(t, x), ...spans(t.flapping, "flapping", x, band), ...spans(t.downtimes, "downtime", x, beside), ...marks(t, x)]
	const focused = node.querySelector("svg") === document.activeElement ? node.firstChild.dataset.at : null
	const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "group", "aria-label": `What was from ${clock(t.from)} to ${clock(t.to)}; the arrow keys go through it` },
		svg("defs", {}, hatch("hatch-flap", 6), hatch("hatch-none", 8)), svg("rect", { class: "tl-none", x: 0, y: band.y, width, height: band.height, rx: 5 }),
		svg("g", {}, items.map((i) => i.node)), axis(t, x, width), svg("rect", { class: "tl-cursor", y: band.y - 3, height: band.height + 6, width: 2, visibility: "hidden" }))
	pointing(root, items.toSorted((a, b) => a.from - b.from), readout, summary(t), focused)
	node.replaceChildren(root)
}

const hatch = (id, size) => svg("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("line", { x1: 0, y1: 0, x2: 0, y2: size, class: id }))

/** least is the smallest width that is seen. */
const least = 1.5

function bands(t, x) {
	return t.bands.map((b) => {
		const soft = b.soft ? 9 : 0
		const shape = { x: x(b.from), y: band.y + soft, width: Math.max(x(b.to) - x(b.from), b.state === "OK" || b.state === "UP" ? 0 : least), height: band.height - 2 * soft }
		return { from: b.from, node: svg("rect", { ...shape, class: "tl-band", "data-state": b.state, "data-soft": b.soft ? 1 : null }), x: shape.x,
			text: b.count > 1 ? `${stretch(b)}: ${b.count} states in ${duration(b.to - b.from)}, at worst ${b.state}` : `${stretch(b)}: ${b.state}${b.soft ? ", being confirmed" : ""} for ${duration(b.to - b.from)}` }
	})
}

function spans(all, what, x, place) {
	return all.map((s) => ({ from: s.from, x: x(s.from), text: `${stretch(s)}: ${what} for ${duration(s.to - s.from)}`,
		node: svg("rect", { x: x(s.from), y: place.y, width: Math.max(x(s.to) - x(s.from), 2), height: place.height, rx: 2, class: `tl-${what}` }) }))
}

const shown = { told: "told", acknowledged: "acknowledged" }

/** marks are what people were told and did; those of nearly the same place become one. */
function marks(t, x) {
	const out = []
	for (const l of t.lines.toReversed()) {
		if (!shown[l.kind] || l.service && !t.service) continue
		const at = Math.min(Math.max(x(l.time), 6), x(t.to) - 6)
		const last = out.at(-1)
		const text = l.kind === "told" ? `${l.who} told of ${l.what}` : `${l.who || "somebody"} acknowledged it: ${l.text ?? ""}`
		if (last && last.kind === l.kind && at - last.x < 7) last.texts.push(text)
		else out.push({ kind: l.kind, from: l.time, x: at, texts: [text], node: mark(l.kind, at) })
	}
	return out.map((m) => ({ ...m, text: `${clock(m.from)}: ${m.texts.slice(0, 4).join("; ")}${m.texts.length > 4 ? ` and ${m.texts.length - 4} more` : ""}` }))
}

function mark(kind, x) {
	const stem = svg("line", { x1: x, x2: x, y1: 16, y2: band.y, class: "tl-stem" })
	const head = kind === "told" ? svg("circle", { cx: x, cy: 12, r: 4.5 }) : svg("path", { d: `M${x - 4.5} 12l4.5-5 4.5 5-4.5 5z` })
	return svg("g", { class: `tl-mark tl-${kind}` }, stem, head)
}

const stretch = (s) => `${clock(s.from).slice(5, 16)} to ${clock(s.to).slice(5, 16)}`

function axis(t, x, width) {
	const step = steps.find((s) => ((t.to - t.from) / s) * 62 < width) ?? steps.at(-1)
	const zone = new Date(t.from * 1000).getTimezoneOffset() * 60
	const out = []
	for (let at = Math.ceil((t.from - zone) / step) * step + zone; at < t.to; at += step) {
		const place = x(at)
		out.push(svg("line", { x1: place, x2: place, y1: band.y, y2: band.y + band.height, class: "tl-tick" }))
		if (place > 18 && place < width - 18) out.push(svg("text", { x: place, y: 94, "text-anchor": "middle" }, label(at, step)))
	}
	return svg("g", { class: "tl-axis" }, out)
}

function label(at, step) {
	const text = clock(at)
	return step >= 86400 || text.slice(11, 16) === "00:00" ? `${Number(text.slice(8, 10))}.${Number(text.slice(5, 7))}.` : text.slice(11, 16)
}

/** summary says what the picture shows when nothing is pointed at. */
function summary(t) {
	const total = t.known
	if (total === 0) return t.kept ? "Nothing is known of this time yet." : ""
	const bad = total - t.fine
	const share = (100 * (total - bad)) / total
	const good = bad === 0 ? "Fine all the time" : `${share > 99.9 ? "over 99.9" : share.toFixed(1)} % of the time fine, ${duration(bad)} not`
	return total < (t.to - t.from) * 0.98 ? `${good}; known for ${duration(total)} of it` : good
}

/** pointing tells what the mouse or the arrow keys point at. */
function pointing(root, items, readout, nothing, focused) {
	let at = focused === null || focused === undefined ? -1 : Math.min(Number(focused), items.length - 1)
	const cursor = root.querySelector(".tl-cursor")
	const say = (i) => {
		at = i
		root.dataset.at = i
		readout.textContent = i < 0 ? nothing : visible(items[i].text)
		cursor.setAttribute("visibility", i < 0 ? "hidden" : "visible")
		if (i >= 0) cursor.setAttribute("x", items[i].x - 1)
	}
	items.forEach((item, i) => {
		item.node.addEventListener("pointerenter", () => say(i))
		item.node.append(svg("title", {}, item.text))
	})
	root.addEventListener("pointerleave", () => say(-1))
	root.addEventListener("blur", () => say(-1))
	root.addEventListener("keydown", (e) => {
		const to = { ArrowRight: at + 1, ArrowLeft: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1, Escape: -1 }[e.key]
		if (to === undefined || items.length === 0) return
		e.preventDefault()
		say(Math.min(Math.max(to, e.key === "Escape" ? -1 : 0), items.length - 1))
	})
	say(at)
}
