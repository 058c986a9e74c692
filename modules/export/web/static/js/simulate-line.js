// The line of time of a simulation: what is in which state from when, and who is told, drawn as SVG.
import { count, duration, el, svg } from "./base.js"

const ROW = 24, TOP = 26, most = 24

/** timeline draws it. at(seconds) gives the time of day. It is as wide as there is room, and drawn anew when that changes. */
export function timeline(f, at) {
	const box = el("div", { class: "course" })
	let width = 0
	new ResizeObserver(([e]) => {
		const now = Math.floor(e.contentRect.width)
		if (now !== width && now > 0) { width = now; box.replaceChildren(draw(f, at, width)) }
	}).observe(box)
	return box
}

const clip = (text, n) => (text.length > n ? `${text.slice(0, n - 1)}…` : text)
const nameOf = (d) => (d.many ? `${count(d.many.length)} ${d.service ? "services" : "hosts"}` : d.service ? `${d.host}/${d.service}` : d.host)
const allOf = (d) => (d.many ? `${nameOf(d)}: ${d.many.slice(0, 8).map((one) => nameOf(one)).join(", ")}${d.many.length > 8 ? ", …" : ""}` : nameOf(d))

function draw(f, at, width) {
	const left = Math.min(210, Math.max(96, width * 0.24)), right = 14
	const x = (t) => left + (t / f.length) * (width - left - right)
	const objects = chosen(f)
	const people = f.people.slice(0, 12)
	const height = TOP + (objects.length + people.length) * ROW + (people.length ? 20 : 6)
	const split = TOP + objects.length * ROW + 10
	const parts = [axis(f, at, x, height, width), f.lasts ? band(x(0), x(Math.min(f.lasts, f.length)), height, "the outage") : null, f.downtime ? downtime(f, x) : null,
		objects.map((d, i) => life(f, d, TOP + i * ROW, x, left, at)),
		people.length ? svg("line", { class: "split", x1: 0, x2: width, y1: split - 3, y2: split - 3 }) : null,
		people.map((p, i) => tellings(f, p, split + i * ROW + 6, x, left, at))]
	return svg("svg", { width, height, role: "img", "aria-label": `${f.fallen} hosts and services change their states, ${f.people.length} people are told; the lists below say the same` }, parts.flat().filter(Boolean))
}

/** dark says whether something is not well for long enough to be believed. */
export const dark = (d) => d.spans.some((s) => !s.soft && s.state !== "UP" && s.state !== "OK")

const same = (f, d) => d.host === f.host && (d.service ?? "") === (f.service ?? "")

/** chosen are the lines: what fails and root problems first, each its own; what falls and rises alike is one line. */
function chosen(f) {
	const root = new Set(f.roots.map((r) => `${r.host}\n${r.service}`))
	const alike = new Map()
	for (const d of f.dark.filter(dark)) {
		const own = same(f, d) || root.has(`${d.host}\n${d.service ?? ""}`)
		const key = own ? `${d.host}\n${d.service ?? ""}` : `${d.service ? "s" : "h"} ${d.spans.filter((s) => !s.soft).map((s) => s.state).join()}`
		if (!alike.has(key)) alike.set(key, { weight: same(f, d) ? 0 : own ? 1 : d.service ? 3 : 2, all: [] })
		alike.get(key).all.push(d)
	}
	const lines = [...alike.values()].sort((a, b) => a.weight - b.weight || b.all.length - a.all.length)
	return lines.flatMap(({ all }) => (all.length > 3 ? [{ ...all[0], many: all }] : all)).slice(0, most)
}

const steps = [60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800]

function axis(f, at, x, height, width) {
	const step = steps.find((s) => (x(s) - x(0)) >= (f.length > 72000 ? 76 : 56)) ?? 172800
	const lines = []
	const first = step - ((f.start + f.offset) % step || step)
	for (let t = first; t <= f.length; t += step) {
		lines.push(svg("line", { class: "tick", x1: x(t), x2: x(t), y1: 18, y2: height }))
		if (x(t) < width - 30) lines.push(svg("text", { class: "hour", x: x(t), y: 12, "text-anchor": "middle" }, at(t)))
	}
	return lines
}

const band = (from, to, height, text) => svg("rect", { class: "outage", x: from, y: 18, width: Math.max(1, to - from), height: height - 18 }, svg("title", {}, text))

function downtime(f, x) {
	const to = x(Math.min(f.downtime, f.length))
	return svg("g", { class: "in-downtime" }, svg("rect", { x: x(0), y: 17, width: to - x(0), height: 4, rx: 2 }, svg("title", {}, `downtime of ${duration(f.downtime)}`)))
}

/** life is one object's states. */
function life(f, d, y, x, left, at) {
	const bars = d.spans.map((s, i) => {
		const end = d.spans[i + 1]?.at ?? f.length
		const good = s.state === "UP" || s.state === "OK"
		return svg("rect", { class: good ? "good" : s.soft ? "soft" : "bad", "data-state": s.state, x: x(s.at), y: y + 5, width: Math.max(1.5, x(end) - x(s.at)), height: 13, rx: 3 }, svg("title", {}, `${allOf(d)} ${s.state}${s.soft ? ", being confirmed" : ""} from ${at(s.at)} for ${duration(end - s.at)}`))
	})
	const before = d.spans[0]?.at ?? 0
	return [svg("text", { class: d.many ? "who many" : "who", x: 0, y: y + 16 }, svg("title", {}, allOf(d)), clip(nameOf(d), Math.floor(left / 7))), svg("rect", { class: "good", x: x(0), y: y + 5, width: Math.max(0, x(before) - x(0)), height: 13, rx: 3 }), ...bars, stateWord(d, f, x, y)]
}

/** stateWord writes the state into the longest bar that has room. */
function stateWord(d, f, x, y) {
	let best = null
	d.spans.forEach((s, i) => {
		const end = d.spans[i + 1]?.at ?? f.length, w = x(end) - x(s.at)
		if (!s.soft && s.state !== "UP" && s.state !== "OK" && (!best || w > best.w)) best = { s, w }
	})
	if (!best || best.w < best.s.state.length * 8 + 8) return null
	return svg("text", { class: "in", x: x(best.s.at) + 7, y: y + 15 }, best.s.state)
}

/** tellings are the moments at which one person is told. */
function tellings(f, p, y, x, left, at) {
	const mine = f.told.filter((t) => t.contact === p.contact).slice(0, 200)
	const marks = mine.map((t) => svg("path", { class: "telling", "data-state": t.state, d: `M${x(t.at)} ${y + 5} l6 7 l-6 7 l-6 -7 Z` }, svg("title", {}, `${at(t.at)}: ${t.type} ${nameOf(t)} ${t.state}, number ${t.number}, by ${(t.commands ?? []).join(", ")}${t.escalated ? ", by escalation" : ""}`)))
	return [svg("text", { class: "who person", x: 0, y: y + 16 }, svg("title", {}, `${p.contact}: told ${count(p.times)} times`), clip(`✉ ${p.contact}`, Math.floor(left / 7))), svg("line", { class: "rail", x1: x(0), x2: x(f.length), y1: y + 12, y2: y + 12 }), ...marks]
}
