// The cluster log: what the daemons decided by themselves, and why.
import { attempt, card, clock, el, get, params, setParams, since } from "./base.js"
import { part, swap } from "./parts.js"

const spans = [["", "newest"], ["1h", "the last hour"], ["1d", "the last day"], ["7d", "the last week"], ["90d", "all"]]

/** logCard gives a card, and draw(entries, roles) for the newest ones. */
export function logCard() {
	const list = el("ol", { class: "deeds" })
	const kind = el("select", { "aria-label": "Kind" })
	const node = el("select", { "aria-label": "Node" })
	const span = el("select", { "aria-label": "Since" }, spans.map(([value, text]) => el("option", { value, selected: value === (params().get("since") ?? "") }, text)))
	const file = el("a", { class: "button", download: "cluster-log.jsonl" }, "Download")
	const more = el("button", { type: "button", class: "plain", hidden: true, onclick: () => { shown += 100; drawAll() } }, "Show more")
	let [newest, found, shown] = [[], null, 30]
	const asked = () => ({ kind: kind.value, node: node.value, since: span.value })
	const fits = (d) => { const q = asked(); return (!q.kind || d.kind === q.kind) && (!q.node || d.node === q.node) }
	const draw = part(list, drawDeeds)
	const drawAll = () => {
		const all = joined(newest.filter(fits), found ?? [])
		more.hidden = all.length <= shown
		draw(all.slice(0, shown))
	}

	/** turn asks the server for what is further back. */
	async function turn() {
		const q = asked()
		setParams(q)
		file.href = `data/engine/log/file?${new URLSearchParams(q)}`
		found = null
		if (q.kind || q.node || q.since) {
			list.setAttribute("aria-busy", "true")
			const answer = await attempt(() => get(`data/engine/log?${new URLSearchParams(q)}`))
			list.removeAttribute("aria-busy")
			found = answer?.log ?? null
		}
		drawAll()
	}
	for (const input of [kind, node, span]) input.addEventListener("change", turn)
	choices(kind, "every kind", [], params().get("kind"))
	choices(node, "every node", [], params().get("node"))
	turn()
	return {
		card: card(null, el("div", { class: "title" }, el("h2", {}, "Cluster log"), el("small", { class: "muted" }, "what the engine did by itself, and why"), el("span", { class: "grow" }),
			el("div", { class: "filters" }, kind, node, span, file)), list, more),
		draw(entries, roles) {
			newest = entries
			choices(kind, "every kind", [...entries, ...found ?? []].map((d) => d.kind))
			choices(node, "every node", [...roles, ...entries, ...found ?? []].map((d) => d.node))
			drawAll()
		},
	}
}

/** choices fills a select with what there is, and leaves what is chosen. */
function choices(select, all, values, chosen = select.value) {
	const list = [...new Set([...values, chosen].filter(Boolean))].sort()
	if (select.options.length === list.length + 1 && list.every((v, i) => select.options[i + 1].value === v)) return
	if (document.activeElement === select && select.options.length > 0 && list.length <= select.options.length - 1) return
	swap(select, el("option", { value: "" }, all), list.map((v) => el("option", { value: v, selected: v === chosen }, v)))
}

/** joined puts what is new before what was found, each once. */
function joined(newest, found) {
	const key = (d) => JSON.stringify([d.time, d.node, d.kind, d.about])
	const known = new Set(found.map(key))
	return [...newest.filter((d) => !known.has(key(d))), ...found].sort((a, b) => b.time - a.time)
}

/** tones are the kinds that somebody may have to do something about. */
const tones = {
	"shard-lost": "WARNING", "lead-lost": "WARNING", refused: "WARNING", "files-differ": "WARNING", "poller-silent": "WARNING", "poller-blind": "WARNING",
	"bus-lost": "CRITICAL", "disk-full": "CRITICAL", "certificate-ends": "WARNING", "right-refused": "WARNING", "log-gap": "WARNING",
	"bus-back": "OK", "disk-back": "OK", "poller-back": "OK", "poller-sees": "OK",
}

function drawDeeds(all) {
	if (all.length === 0) return el("li", { class: "muted" }, "Nothing that fits.")
	return all.map((d) => el("li", {}, el("span", { class: "when muted", title: clock(d.time) }, since(d.time), " ago"),
		el("span", { class: "badge", "data-state": tones[d.kind] ?? null }, d.kind), el("span", { class: "who" }, d.node, d.role ? el("span", { class: "muted" }, ` ${d.role}`) : null),
		el("span", { class: "what" }, el("strong", {}, d.about), d.why ? `: ${d.why}` : "")))
}
