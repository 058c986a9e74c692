// Following one check through the engine: when each daemon did what, drawn as a waterfall.
import { el, may, svg, until } from "./base.js"
import { send } from "./actions.js"

/** trace is a button that follows the next check, and what it finds. */
export function trace(of, query) {
	const out = el("div", { class: "trace", "aria-live": "polite" })
	let ended = null
	const follow = async (force) => {
		ended?.abort()
		ended = new AbortController()
		const steps = []
		out.replaceChildren(el("p", { class: "muted" }, "Waiting for the next check…"))
		try {
			const reading = read(`data/object-trace?${query}`, ended.signal, (s) => { steps.push(s); paint(out, steps) })
			if (force) setTimeout(() => send({ do: "check", objects: [{ host: of.host, service: of.service || undefined }] }).catch(() => {}), 300)
			await reading
			if (steps.length < 2) out.replaceChildren(el("p", { class: "muted" }, "No check was made in this time."))
		} catch (e) {
			if (e.name !== "AbortError") out.replaceChildren(el("p", { class: "bad-text" }, e.message))
		}
	}
	const node = el("div", { class: "follow" }, el("div", { class: "follow-row" }, el("button", { type: "button", onclick: () => follow(false), title: "Shows each step of its next check: scheduler, poller, and back" }, "Follow the next check"),
		may("command") ? el("button", { type: "button", onclick: () => follow(true) }, "Check now and follow") : null), out)
	addEventListener("pagehide", () => ended?.abort())
	return node
}

/** read hands on the lines of a stream of JSON values as they come. */
async function read(path, signal, each) {
	const answer = await fetch(path, { signal })
	if (!answer.ok) throw new Error((await answer.json()).error)
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
	let rest = ""
	for (;;) {
		const { value, done } = await reader.read()
		if (done) return
		const lines = (rest + value).split("\n")
		rest = lines.pop()
		for (const l of lines.filter(Boolean)) {
			const step = JSON.parse(l)
			if (step.error) throw new Error(step.error)
			each(step)
		}
	}
}

const ms = (s) => (s < 0.01 ? `${(s * 1000).toFixed(2)} ms` : s < 10 ? `${Math.round(s * 1000)} ms` : `${s.toFixed(1)} s`)

/** paint draws the steps below each other, each where its time is, and as long as it took until the next one. */
function paint(out, all) {
	const steps = all.filter((s) => s.step).toSorted((a, b) => a.time - b.time)
	if (steps.length === 0) return out.replaceChildren(el("p", { class: "muted" }, "The next check is due in ", until(all[0].next_check), "."))
	const from = steps[0].time
	const whole = Math.max(steps.at(-1).time - from, 1e-6)
	const rows = steps.map((s, i) => {
		const begin = ((s.time - from) / whole) * 100
		const took = Math.max((((steps[i + 1]?.time ?? s.time) - s.time) / whole) * 100, 0.8)
		return el("li", {}, el("span", { class: "trace-who" }, s.daemon), el("span", { class: "trace-step" }, s.step), el("span", { class: "trace-at muted" }, `+${ms(s.time - from)}`),
			svg("svg", { class: "trace-bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: "trace-rail", width: 100, height: 4 }), svg("rect", { x: Math.min(begin, 99.2), width: Math.min(took, 100 - Math.min(begin, 99.2)), height: 4, class: `trace-${s.daemon.split(" ")[0]}` })))
	})
	out.replaceChildren(el("p", { class: "muted small" }, `${ms(whole)} from first to last`), el("ol", { class: "waterfall" }, rows))
}
