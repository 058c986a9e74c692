// The page of one host or service: how it is, why, what was, how it is checked, and what people said of it.
import { actionBar } from "./actions.js"
import { about, checking, neighbours, notes, why } from "./facts.js"
import { card, el, empty, entitle, get, live, objectLink, params, show } from "./base.js"
import { head, said } from "./outcome.js"
import { members } from "./members.js"
import { metrics } from "./metrics.js"
import { past } from "./past.js"
import { sources } from "./sources.js"
import { trace } from "./trace.js"

const of = { host: params().get("host") ?? "", service: params().get("service") ?? "" }
const query = new URLSearchParams(of.service ? of : { host: of.host })

/** shown is what the page knows: the object, what its owner says of it, and the services of a host. */
const shown = { object: null, explained: null, services: new Map() }

/** sections are the parts of the page, each with its node and what paints it: paint(shown, what) where what says what is new. */
let sections = []

function build() {
	const refs = () => [{ host: of.host, service: of.service || undefined, is: known(shown.object) }]
	const parts = {
		head: head(of, el("div", { class: "object-bar" }, actionBar(refs, () => setTimeout(explain, 800)), whatIf())), said: said(), past: past(of, query), metrics: metrics(query), members: members(of),
		sources: sources(of), why: why(), checking: checking(trace(of, query)), neighbours: neighbours(), notes: notes(refs, () => setTimeout(explain, 800)), about: about(),
	}
	sections = Object.values(parts)
	const { head: top, said: output, past: timeline, metrics: values, members: list, sources: fed, ...side } = parts
	show(top.node, el("div", { class: "object-page" },
		el("div", { class: "object-main" }, output.node, timeline.node, list.node, values.node, fed.node),
		el("aside", { class: "object-side", "aria-label": "More about it" }, Object.values(side).map((s) => s.node))))
}

/** known is what people did about it, for the actions that take it back. */
const known = (o) => (o ? {
	ack: o.acknowledged, ackBy: o.acknowledged ? o.comments.filter((c) => c.kind === "acknowledgement").slice(0, 1).map((c) => c.author) : [],
	downtime: o.downtimes.length > 0, downtimeBy: o.downtimes.map((d) => d.author), muted: o.off.includes("notifications"), unchecked: o.off.includes("active checks"),
} : {})

/** whatIf leads to who would be told. */
const whatIf = () => el("a", { class: "plain", href: `simulate?${new URLSearchParams(of.service ? { of: of.host, service: of.service } : { of: of.host })}`, title: "Who would be told, and what would go dark" }, "If it failed…")

/** paint has each part look at what is new: object, services or explained. */
function paint(...what) {
	for (const s of sections) if (what.some((w) => s.looks.includes(w))) s.paint(shown, what)
}

function whole(data) {
	if (data.missing) return missing(data.near ?? [])
	if (!shown.object || sections.length === 0) build()
	shown.object = data.object
	shown.services = new Map(Object.entries(data.services ?? {}))
	paint("object", "services")
	explainSoon()
}

function change(data) {
	if (data.missing || !shown.object) return whole(data)
	const before = shown.object
	shown.object = data.object ?? before
	for (const [name, one] of Object.entries(data.services ?? {})) shown.services.set(name, one)
	for (const name of data.gone ?? []) shown.services.delete(name)
	paint(...[data.object && "object", (data.services || data.gone) && "services"].filter(Boolean))
	if (before.state !== shown.object.state || before.soft !== shown.object.soft || before.acknowledged !== shown.object.acknowledged || before.in_downtime !== shown.object.in_downtime) explainSoon()
}

let asking = 0
/** explainSoon asks the owner once for what changes at the same time. */
function explainSoon() {
	clearTimeout(asking)
	asking = setTimeout(explain, 600)
}

async function explain() {
	clearTimeout(asking)
	if (!document.hidden && shown.object) {
		try {
			shown.explained = await get(`data/explain?${query}`)
		} catch (e) {
			shown.explained = { error: e.message }
		}
		paint("explained")
	}
	asking = setTimeout(explain, 20000)
}

function missing(near) {
	sections = []
	shown.object = null
	entitle({ what: "Not found", state: "" })
	const name = of.service ? `${of.host}/${of.service}` : of.host
	if (!name) return show(empty("Choose a host or service.", "Press / and type a part of its name."))
	show(card(null, empty(`There is no ${of.service ? "service" : "host"} called ${name}.`, near.length ? "Did you mean one of these?" : "Press / and type a part of its name."),
		el("ul", { class: "near" }, near.map((n) => el("li", {}, objectLink(n.host, n.service))))))
}

if (of.host) live(`data/object?${query}`, { whole, change })
else missing([])
