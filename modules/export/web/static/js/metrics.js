// What a check measured: the last values, and how they were in the last day.
import { attempt, card, clock, duration, el, get, svg, visible } from "./base.js"

const digits = (v) => (Math.abs(v) >= 100 || Number.isInteger(v) ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(1) : Math.abs(v) >= 0.01 ? v.toFixed(2) : String(Number(v.toPrecision(2))))
// Plugins mean powers of 1024 by KB as by KiB (monitor/perfdata has the same): they are read so, and written as what they are.
const large = ["", "Ki", "Mi", "Gi", "Ti", "Pi"].map((sign, n) => [sign, 2 ** (10 * n)]).reverse()
const bytes = new Map([["B", 1], ["kB", 2 ** 10], ...["K", "M", "G", "T", "P"].flatMap((sign, n) => [[`${sign}B`, 2 ** (10 * n + 10)], [`${sign}iB`, 2 ** (10 * n + 10)]])])

/** amount writes a value with its unit. */
export function amount(v, unit = "") {
	if (v === null || v === undefined) return "?"
	if (unit === "s" && Math.abs(v) < 1) return v === 0 ? "0 s" : Math.abs(v) < 0.001 ? `${digits(v * 1e6)} µs` : `${digits(v * 1e3)} ms`
	if (bytes.has(unit)) {
		const whole = v * bytes.get(unit)
		const [sign, size] = large.find(([, s]) => Math.abs(whole) >= s) ?? ["", 1]
		return `${digits(whole / size)} ${sign}B`
	}
	if (Math.abs(v) >= 1e6) return `${digits(v / 1e6)} M${unit}`
	return `${digits(v)}${unit ? ` ${unit}` : ""}`
}

const size = { width: 240, height: 44 }
/** atFirst is how many metrics are drawn before somebody asks for all: those beyond a threshold, and then the first. */
const atFirst = 24
const beyond = (m) => (bad(m.value, m.crit) ? 2 : bad(m.value, m.warn) ? 1 : 0)

/** metrics are the values of the last check, each with its last day. */
export function metrics(query) {
	const list = el("ul", { class: "metrics" })
	const note = el("span", { class: "muted small" })
	const seek = el("input", { type: "search", placeholder: "Filter", "aria-label": "Filter metrics", oninput: () => paint() })
	const more = el("button", { type: "button", class: "plain", onclick: () => { every = true; paint() } })
	const node = card(null, el("div", { class: "card-head" }, el("h2", {}, "Measured"), note, seek), list, more)
	let every = false
	node.hidden = true
	let object = null
	let day = null

	let asking = 0
	async function load() {
		clearTimeout(asking)
		if (!document.hidden && object?.metrics.length) {
			const got = await attempt(() => get(`data/points?${query}`))
			day = got ? lately(got) : day
			paint()
		}
		asking = setTimeout(load, 60000)
	}

	function paint() {
		node.hidden = object.metrics.length === 0
		note.textContent = day?.series.length ? `the last ${duration(day.series[0].all.length * day.step)}, each point the mean of ${duration(day.step)}, the last one the last check` : ""
		const wanted = seek.value.trim().toLowerCase()
		const fits = object.metrics.filter((m) => m.label.toLowerCase().includes(wanted))
		const listed = every || fits.length <= atFirst ? fits : fits.toSorted((a, b) => beyond(b) - beyond(a)).slice(0, atFirst)
		const series = new Map(day?.series.map((s) => [s.label, s]))
		list.replaceChildren(...listed.map((m) => metric(m, upToNow(series.get(m.label), m.value, day, object.last_check), day)))
		if (listed.length === fits.length && object.more_metrics) list.append(el("li", { class: "muted" }, `and ${object.more_metrics} more`))
		seek.hidden = object.metrics.length <= atFirst
		more.hidden = listed.length === fits.length
		more.textContent = `Show all ${fits.length}${wanted ? " that fit" : ""}`
	}

	return {
		node, looks: ["object"],
		paint({ object: o }) {
			const first = !object
			object = o
			paint()
			if (first) load()
		},
	}
}

/** least is how many points are drawn at least: two hours. */
const least = 24

/** lately leaves out the time before anything was measured. */
function lately(day) {
	const first = Math.min(...day.series.map((s) => s.all.findIndex((v) => v !== null)).filter((i) => i >= 0))
	const all = day.series[0]?.all.length ?? 0
	const from = Number.isFinite(first) ? Math.max(Math.min(first, all - least), 0) : 0
	return { ...day, from: day.from + from * day.step, series: day.series.map((s) => ({ ...s, all: s.all.slice(from) })) }
}

/**
 * upToNow ends a curve with what the last check said: the mean of some minutes says another thing than the state does, just when something
 * has changed.
 */
function upToNow(s, value, day, checked) {
	if (!s || s.low === null || s.low === undefined || value === null || !checked) return s
	const place = Math.floor((checked - day.from) / day.step)
	if (place < 0) return s
	const all = s.all.slice(0, place)
	all[Math.min(place, s.all.length)] = value
	return { ...s, all: [...all, ...s.all.slice(all.length)], low: Math.min(s.low, value), high: Math.max(s.high, value), last: all.length - 1 }
}

/** limit writes a threshold: one that is only an upper bound as an amount, others as the plugin did, with the unit that their numbers are of. */
const limit = (t, unit) => (!t.inside && t.end !== null && (t.start === 0 || t.start === null) ? amount(t.end, unit) : `${t.text}${unit ? ` ${unit}` : ""}`)

function metric(m, s, day) {
	const known = s && s.low !== null && s.low !== undefined
	const limits = [["warn", m.warn], ["crit", m.crit]].filter(([, t]) => t).map(([what, t]) => `${what} ${limit(t, m.unit)}`).join(", ")
	const range = !known ? "" : s.low === s.high ? "always the same" : `${amount(s.low, m.unit)} to ${amount(s.high, m.unit)}`
	return el("li", { "data-bad": bad(m.value, m.crit) ? "crit" : bad(m.value, m.warn) ? "warn" : null },
		el("div", { class: "metric-head" }, el("span", { class: "metric-name", title: m.label }, m.label), el("b", { class: "nowrap" }, amount(m.value, m.unit))),
		known ? spark(m, s, day) : null, el("div", { class: "metric-foot muted" }, el("span", {}, limits), el("span", { class: "nowrap" }, range)))
}

/** bad says whether a value is beyond a threshold. */
function bad(v, t) {
	if (v === null || !t) return false
	const inside = (t.start === null || v >= t.start) && (t.end === null || v <= t.end)
	return inside === Boolean(t.inside)
}

/** spark draws the last day of a metric: a line, broken where nobody measured, with the thresholds that are near. */
function spark(m, s, day) {
	let [low, high] = [s.low, s.high]
	const near = (v) => v !== null && v !== undefined && v <= high + (high - low || Math.abs(high) || 1) * 1.2 && v >= low - (high - low || Math.abs(low) || 1) * 1.2
	const edges = [["warn", m.warn], ["crit", m.crit]].flatMap(([what, t]) => (t ? [[what, t.start], [what, t.end]] : [])).filter(([, v]) => near(v) && v !== 0)
	for (const [, v] of edges) [low, high] = [Math.min(low, v), Math.max(high, v)]
	if (m.min !== undefined && low - m.min < (high - low) * 0.5) low = Math.min(low, m.min)
	const span = high - low || Math.abs(high) || 1
	const y = (v) => size.height - 3 - ((v - low) / span) * (size.height - 6)
	const x = (i) => (i / (s.all.length - 1)) * size.width
	const text = `${m.label} in the last ${duration(s.all.length * day.step)}: from ${amount(s.low, m.unit)} to ${amount(s.high, m.unit)}, now ${amount(m.value, m.unit)}`
	const root = svg("svg", { class: "spark", viewBox: `0 0 ${size.width} ${size.height}`, preserveAspectRatio: "none", role: "img", "aria-label": text },
		edges.map(([what, v]) => svg("line", { class: `spark-${what}`, x1: 0, x2: size.width, y1: y(v), y2: y(v) })), pieces(s.all, day.gap).map((p) => line(p, x, y)), svg("title", {}, text))
	root.addEventListener("pointermove", (e) => {
		const box = root.getBoundingClientRect()
		const i = Math.min(Math.max(Math.round(((e.clientX - box.left) / box.width) * (s.all.length - 1)), 0), s.all.length - 1)
		root.lastChild.textContent = `${clock(day.from + i * day.step).slice(5, 16)}: ${s.all[i] === null ? "nothing" : visible(amount(s.all[i], m.unit))}${i === s.last ? ", the last check" : ""}`
	})
	return root
}

/** pieces parts the points where more are missing in a row than its interval explains. */
function pieces(all, gap) {
	const out = []
	let last = -Infinity
	all.forEach((v, i) => {
		if (v === null) return
		if (i - last > Math.max(gap, 1) + 1) out.push([])
		out.at(-1).push([i, v])
		last = i
	})
	return out
}

function line(piece, x, y) {
	const path = piece.map(([i, v], n) => `${n ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("")
	const [first, last] = [piece[0][0], piece.at(-1)[0]]
	if (first === last) return svg("line", { class: "spark-line", x1: x(first) - 1, x2: x(first) + 1, y1: y(piece[0][1]), y2: y(piece[0][1]) })
	return [svg("path", { class: "spark-area", d: `${path}L${x(last).toFixed(1)} ${size.height}L${x(first).toFixed(1)} ${size.height}Z` }), svg("path", { class: "spark-line", d: path })]
}
