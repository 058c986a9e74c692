// The page about the engine itself: in a line how all is, then what is not well, then each part.
import { card, clock, el, entitle, live, show, since } from "./base.js"
import { drawBus, drawChecks, drawExports, drawPollers, drawQueues } from "./engine-load.js"
import { logCard } from "./engine-log.js"
import { nodesCard } from "./engine-nodes.js"
import { shardsCard } from "./engine-shards.js"
import { part, spark } from "./parts.js"

/** drawHead says how all is. */
function drawHead({ line, well, troubles, missing, slots }) {
	const names = Object.keys(missing ?? {})
	return [
		el("div", { class: "verdict", "data-well": well ? "yes" : "no" },
			el("span", { class: "mark", "aria-hidden": "true" }, well ? "✓" : "!"),
			el("div", { class: "grow" }, el("h1", {}, well ? "All is well" : troubles.length === 0 ? "Not all is known" : troubles.length === 1 ? "One thing to look at" : `${troubles.length} things to look at`), el("p", {}, line)),
			slots.length > 1 ? el("div", { class: "pace" }, spark(slots, 60, "checks in the last five minutes"), el("small", {}, "checks, 5 min")) : null),
		troubles.length > 0 ? el("ul", { class: "troubles" }, troubles.map(drawTrouble)) : null,
		names.length > 0 ? el("p", { class: "note" }, "Not known at present: ", names.map((n) => `${n} (${missing[n]})`).join("; ")) : null,
	]
}

function drawTrouble(t) {
	return el("li", { "data-state": t.state },
		el("span", { class: "badge", "data-state": t.state }, t.state),
		el("strong", {}, t.what), el("span", { class: "text" }, t.text),
		t.since ? el("span", { class: "muted nowrap", title: clock(t.since) }, "for ", since(t.since)) : null)
}

const box = (title, hint) => {
	const inside = el("div", {})
	return [card(null, el("div", { class: "title" }, el("h2", {}, title), hint ? el("small", { class: "muted" }, hint) : null), inside), inside]
}

const head = el("section", { class: "card engine-head", "aria-live": "polite" })
const nodes = nodesCard()
const shards = shardsCard()
const [checksCard, checks] = box("Checks", "each module, in the last minute")
const [pollersCard, pollers] = box("Pollers", "how much is under way, and how much room is left")
const [queuesCard, queues] = box("Queues", "short is well: what comes goes on")
const [exportsCard, exports] = box("Export modules", "how far each is behind")
const [busCard, bus] = box("Bus", "servers that keep the journal")
const log = logCard()
show(head, nodes.card, el("div", { class: "columns" }, el("div", {}, shards.card, checksCard, exportsCard), el("div", {}, queuesCard, pollersCard, busCard)), log.card)

const parts = {
	head: part(head, drawHead), checks: part(checks, drawChecks), pollers: part(pollers, drawPollers), queues: part(queues, drawQueues),
	exports: part(exports, drawExports), bus: part(bus, drawBus),
}

live("data/engine", {
	whole(e) {
		if (e.error) return parts.head({ line: e.error, well: false, troubles: [], missing: {}, slots: [] })
		parts.head({ line: e.line, well: e.well, troubles: e.troubles, missing: e.missing, slots: e.checks.all.slots ?? [] })
		nodes.draw(e.roles)
		shards.draw(e.shards, e.roles)
		parts.checks(e.checks)
		parts.pollers({ roles: e.roles.filter((r) => r.role === "poller"), rates: e.checks.pollers ?? [] })
		parts.queues(e.queues)
		parts.exports(e.exports)
		parts.bus({ bus: e.bus, arbiters: e.roles.filter((r) => r.role === "arbiter" && r.http).map((r) => r.node) })
		log.draw(e.log, e.roles)
		entitle({ state: e.well ? "" : e.troubles[0]?.state ?? "" })
	},
})
