// The page about piggyback: who speaks for whom, how old that is, and which names nobody has.
import { attempt, badge, card, clock, count, dialog, duration, el, empty, get, live, may, objectLink, params, post, setParams, show, since, table } from "./base.js"
import { part, size, swap } from "./parts.js"
import { orphansCard } from "./orphans.js"
import { overlapsCard } from "./overlaps.js"

/** classes are what may become of a payload: a state for its colour, a word, and what it means. */
const classes = {
	fresh: ["OK", "fresh", "the newest output of its source has it"],
	valid: ["WARNING", "left out", "still used, though its source left it out since"],
	old: ["CRITICAL", "not used", "too old, or not to be used"],
	waiting: ["UNREACHABLE", "waits", "for the way to another site"],
	orphan: ["UNKNOWN", "orphan", "no host has that name"],
}

const right = (text) => ({ text, class: "right" })
const some = (names, all = names.length) => [names.slice(0, 5).join(", "), all > Math.min(names.length, 5) ? ` and ${count(all - Math.min(names.length, 5))} more` : ""]

function drawHead(b) {
	const missing = Object.keys(b.missing ?? {})
	return [el("div", { class: "verdict", "data-well": b.well && !b.classes.valid ? "yes" : "no" }, el("span", { class: "mark", "aria-hidden": "true" }, b.well && !b.classes.valid ? "✓" : "!"),
		el("div", { class: "grow" }, el("h1", {}, verdict(b)), el("p", {}, b.line))),
	b.payloads > 0 ? mix(b.classes, true) : null,
	missing.length > 0 ? el("p", { class: "note" }, "Not known at present: ", missing.map((n) => `${n} (${b.missing[n]})`).join("; ")) : null]
}

/** verdict says in a sentence how payloads arrive: what is used though it was left out is no trouble yet, and no reason to say that all is well. */
function verdict(b) {
	if (b.source_count + b.orphan_count === 0) return "No piggyback here"
	if (!b.well) return "Some payloads do not arrive as they should"
	const { valid = 0 } = b.classes
	return valid ? `${count(valid)} of ${count(b.payloads)} ${valid === 1 ? "is" : "are"} left out` : b.orphan_count ? `All payloads arrive, and ${b.orphan_count === 1 ? "1 is nobody's" : `${count(b.orphan_count)} are nobody's`}` : "All payloads arrive"
}

/** mix shows how many payloads of a source are of each class, as a bar and, where asked for, in words. */
function mix(numbers, legend) {
	const there = Object.keys(classes).filter((c) => numbers[c] > 0)
	const line = el("span", { class: "mix", role: "img", "aria-label": there.map((c) => `${numbers[c]} ${classes[c][1]}`).join(", "), title: there.map((c) => `${numbers[c]} ${classes[c][1]}`).join(", ") },
		there.map((c) => { const i = el("i", { "data-state": classes[c][0] }); i.style.setProperty("--share", String(numbers[c])); return i }))
	if (!legend) return line
	return el("div", { class: "mixed" }, line, el("div", { class: "key" }, there.map((c) => el("span", { title: classes[c][2] }, el("i", { class: "dot", "data-state": classes[c][0] }), `${count(numbers[c])} ${classes[c][1]}`))))
}

/** silence says why a source is called silent. */
const silence = (s) => (s.unheard ? `asked since, its agent said nothing; heard of last at ${clock(s.at)}` : "its newest output held no payload")

function drawSources(b, chosen, choose) {
	if (b.sources.length === 0) return empty("No output of an agent holds payloads for other hosts.", "They come by themselves once a host that speaks for others is watched by onbu-agent: docs/piggyback.md.")
	return [el("ul", { class: "sources" }, b.sources.map((s) => {
		const total = Object.values(s.classes).reduce((a, n) => a + n, 0)
		const key = JSON.stringify([s.name, s.site ?? ""])
		return el("li", {}, el("button", { type: "button", class: "plain source", "data-key": key, "aria-pressed": key === chosen ? "true" : "false", onclick: () => choose(key === chosen ? "" : key) },
			el("span", { class: "name" }, s.name, s.site ? el("span", { class: "muted" }, ` at ${s.site}`) : null), mix(s.classes),
			el("span", { class: "muted nowrap" }, `${count(total)} payload${total === 1 ? "" : "s"}`),
			el("span", { class: "muted nowrap" }, s.silent ? el("span", { class: "badge", "data-state": "WARNING", title: silence(s) }, "silent") : s.at ? [since(s.at), " ago"] : "not heard of")))
	})), b.source_count > b.sources.length ? el("p", { class: "muted small" }, `and ${count(b.source_count - b.sources.length)} more: find them by name on the right`) : null]
}

function drawConflicts(b) {
	if (b.conflicts.length === 0) return el("p", { class: "muted" }, "None: no two names became one host.", b.shared > 0 ? ` ${b.shared === 1 ? "1 host has" : `${count(b.shared)} hosts have`} payloads of several sources, under one name.` : "")
	return [el("ul", { class: "exports" }, b.conflicts.map((c) => el("li", {}, el("div", { class: "line" }, objectLink(c.host), el("span", { class: "muted" }, "is what different names became:")),
		c.names.map((n) => el("div", { class: "line" }, el("span", { class: "mono" }, n.name), el("span", { class: "muted" }, "from ", some(n.sources))))))),
	b.conflict_count > b.conflicts.length ? el("p", { class: "muted small" }, `and ${count(b.conflict_count - b.conflicts.length)} more`) : null]
}

function drawSites({ site, links, waiting }) {
	const queue = (name) => waiting.find((w) => w.site === name)
	const others = [...links.map((l) => l.site), ...waiting.map((w) => w.site).filter((w) => !links.some((l) => l.site === w))]
	if (others.length === 0) return el("p", { class: "muted" }, "This site is joined with no other; nothing waits.")
	return [site ? el("p", { class: "muted" }, "This site is called ", el("strong", {}, site), ".") : null, el("ul", { class: "servers" }, others.map((name) => {
		const [l, q] = [links.find((one) => one.site === name), queue(name)]
		return el("li", {}, el("strong", {}, name), l ? el("span", { class: l.there ? "muted" : "late" }, l.there ? `${l.way}, ${duration(l.rtt) === "0s" ? `${Math.max(1, Math.round(l.rtt * 1000))} ms` : duration(l.rtt)} away, ${count(l.hosts)} hosts` : ["away, last heard of ", l.seen ? [since(l.seen), " ago"] : "never"]) : el("span", { class: "late" }, "is not known any more"),
			el("span", { class: q ? "late" : "fine" }, q ? [`${count(q.count)} wait, fetched up to `, since(q.oldest), " ago"] : "queue empty"), l?.trouble ? el("span", { class: "mono" }, l.trouble) : null)
	}))]
}

function drawDynamic({ dynamic: d, count: all }) {
	if (all + d.refusals.length + d.made === 0) return el("p", { class: "muted" }, "No dynamic_host_rule has made a host.")
	return [el("p", { class: "muted" }, `${count(all)} hosts are there that rules made; ${count(d.made)} made and ${count(d.gone)} gone since the first.`),
		d.refusals.length > 0 ? el("ul", { class: "exports" }, d.refusals.map((f) => el("li", {}, el("div", { class: "line" }, el("span", { class: "badge", "data-state": "WARNING" }, "not made"), el("strong", {}, f.hosts > 1 ? `${count(f.hosts)} hosts` : f.host), el("span", { class: "muted" }, `of ${f.source}, rule `, el("span", { class: "mono" }, f.rule), ", ", since(f.at), " ago")),
			el("div", {}, f.why), f.hosts > 1 ? el("div", { class: "muted" }, "Such as ", some([f.host, ...f.others ?? []], f.hosts)) : null))) : null,
		all > 0 ? el("details", {}, el("summary", {}, "The hosts"), table(["Host", "Source", "Rule", right("made")], d.hosts.slice(0, 200).map((h) => [objectLink(h.host), h.source, { text: h.rule, class: "mono" }, right([since(h.since), " ago"])]))) : null]
}

/** targetsCard is a card with the payloads that fit what somebody looks for. */
function targetsCard(release) {
	const list = el("div", {})
	const word = el("input", { type: "search", placeholder: "Part of a name", "aria-label": "Part of a target's or source's name", value: params().get("q") ?? "", spellcheck: "false" })
	const kind = el("select", { "aria-label": "What becomes of it" }, el("option", { value: "" }, "all"), Object.entries(classes).map(([c, [, text]]) => el("option", { value: c, selected: c === params().get("class") }, text)))
	const only = el("span", {})
	let [from, turns, shown, last] = [params().get("source") ?? "", 0, 40, null]
	const draw = part(list, (found) => drawTargets(found, shown, () => { shown += 200; draw(last, true) }))
	async function look() {
		const mine = ++turns
		const q = new URLSearchParams(Object.entries({ q: word.value.trim(), class: kind.value }).filter(([, v]) => v))
		if (from) { const [source, site] = JSON.parse(from); q.set("source", source); q.set("site", site) }
		swap(only, from ? el("button", { type: "button", class: "tag", title: "Show all sources", onclick: () => release("") }, `from ${JSON.parse(from)[0]} ✕`) : null)
		try {
			const found = await get(`data/piggyback/payloads?${q}`)
			if (mine === turns) draw(last = { payloads: found.payloads, all: found.all })
		} catch (e) { if (mine === turns) swap(list, el("p", { class: "note bad" }, e.message)) }
	}
	const turn = () => { setParams({ q: word.value.trim(), class: kind.value, source: from }); look() }
	let later
	word.addEventListener("input", () => { clearTimeout(later); later = setTimeout(turn, 200) })
	kind.addEventListener("change", turn)
	return {
		card: card(null, el("div", { class: "title" }, el("h2", {}, "Source → target"), only, el("span", { class: "grow" }), el("div", { class: "filters" }, word, kind)), list),
		look, choose(key) { from = key; turn() }, chosen: () => from,
	}
}

function drawTargets({ payloads, all }, shown, more) {
	if (payloads.length === 0) return el("p", { class: "muted" }, "No payload fits.")
	return [el("ul", { class: "targets" }, payloads.slice(0, shown).map((p) => {
		const [state, text, hint] = classes[p.class]
		const called = p.names.some((n) => n.toLowerCase() !== p.target.toLowerCase())
		return el("li", {}, el("span", { class: "target" }, p.where === "here" ? objectLink(p.target) : el("span", { class: "name" }, p.target)),
			el("span", { class: "muted name" }, p.source, p.site ? ` at ${p.site}` : ""), el("span", { class: "muted nowrap right" }, since(p.at), " ago"), el("span", { class: "muted nowrap right" }, size(p.bytes)),
			el("span", { class: "badge", "data-state": state, title: hint }, text), el("button", { type: "button", class: "plain", onclick: () => detail(p.target), "aria-label": `Sections for ${p.target}` }, "sections"),
			called || p.class !== "fresh" ? el("span", { class: "says muted" }, [called ? ["called ", some(p.names)] : null, called && p.class !== "fresh" ? "; " : null, p.class === "fresh" ? null : p.where === "waiting" ? `for site ${p.to}` : p.text || hint]) : null)
	})), payloads.length > shown ? el("p", { class: "small" }, el("button", { type: "button", class: "plain", onclick: more }, `Show more of ${count(all)}`)) : all > payloads.length ? el("p", { class: "muted small" }, `and ${count(all - payloads.length)} more: look for part of a name`) : null]
}

/** detail shows what each source says of a target, and which sections several of them bring. */
async function detail(target) {
	const found = await attempt(() => get(`data/piggyback/target?${new URLSearchParams({ host: target })}`))
	if (!found) return
	const times = {}
	for (const p of found.payloads) for (const s of p.sections ?? []) times[s] = (times[s] ?? 0) + 1
	await dialog(`Payloads for ${target}`, found.payloads.map((p) => el("div", { class: "detail" },
		el("div", { class: "line" }, el("strong", {}, p.source), p.site ? el("span", { class: "muted" }, `at ${p.site}`) : null, p.state ? badge(p.state) : el("span", { class: "tag" }, p.where), el("span", { class: "muted" }, since(p.at), ` ago, ${size(p.bytes)}`)),
		p.text ? el("p", { class: "muted" }, p.text) : null,
		el("div", { class: "sections" }, (p.sections ?? []).map((s) => el("span", { class: "tag", "data-twice": times[s] > 1 ? "yes" : null, title: times[s] > 1 ? "several sources bring it" : null }, s))))).concat(
		Object.values(times).some((n) => n > 1) ? el("p", { class: "muted" }, "Sections with a line around them come from several sources: services read all of them.") : []), "Close")
}

/** tryCard lets somebody see what translations would make of the names of today. */
function tryCard() {
	const text = el("textarea", { rows: 7, maxlength: 65536, spellcheck: "false", class: "mono", "aria-label": "Definitions", placeholder: "define piggyback_translation {\n    source_name  esx01\n    case         lower\n    drop_domain  1\n}" })
	const result = el("div", { "aria-live": "polite" })
	const button = el("button", { type: "button", class: "main", onclick: async () => {
		button.disabled = true
		const found = await attempt(() => post("data/piggyback/try", { rules: text.value }))
		button.disabled = false
		if (found) swap(result, drawTrial(found))
	} }, "Try")
	return card(null, el("div", { class: "title" }, el("h2", {}, "Try a translation"), el("small", { class: "muted" }, "what it would make of the names of today; nothing comes into force")),
		may("command") ? [text, el("p", {}, button), result] : el("p", { class: "muted" }, "Sign in with the role command to try one here, or use onbu piggyback try FILE."))
}

function drawTrial(t) {
	if (t.problems.length > 0) return el("ul", { class: "note bad" }, t.problems.map((p) => el("li", {}, p)))
	return [el("p", {}, `${count(t.all)} names: ${count(t.changed)} would change, ${count(t.conflicts.length)} conflicts.`),
		t.conflicts.map((c) => el("p", { class: "note bad" }, c)),
		t.names.length > 0 ? table(["Source", "Name", "Before", "After", "Where"], t.names.slice(0, 200).map((n) => [n.source, n.name, some(n.before), n.after.length ? some(n.after) : "–", n.after.length ? some(n.where) : n.verdict])) : null]
}

const box = (title, hint) => { const inside = el("div", {}); return [card(null, el("div", { class: "title" }, el("h2", {}, title), el("small", { class: "muted" }, hint)), inside), inside] }
const head = el("section", { class: "card engine-head", "aria-live": "polite" })
const [sourcesCard, sources] = box("Sources", "what is worst comes first; choose one to see its targets")
const orphans = orphansCard()
const overlaps = overlapsCard()
const [conflictsCard, conflicts] = box("Names in conflict", "hosts that different names became")
const [sitesCard, sites] = box("Other sites", "queues should be empty")
const [dynamicCard, dynamics] = box("Hosts made by rules", "dynamic_host_rule")
let newest = null
const choose = (key) => { targets.choose(key); if (newest) drawSource({ b: newest, chosen: key }, true) }
const targets = targetsCard(choose)
const drawSource = part(sources, ({ b, chosen }) => drawSources(b, chosen, choose))
const parts = { head: part(head, drawHead), conflicts: part(conflicts, drawConflicts), sites: part(sites, drawSites), dynamic: part(dynamics, drawDynamic) }
show(head, el("div", { class: "columns narrow-first" }, el("div", {}, sourcesCard, orphans.card, conflictsCard, overlaps.card, sitesCard), el("div", {}, targets.card, dynamicCard, tryCard())))
targets.look()

live("data/piggyback", {
	whole(b) {
		if (b.error) return swap(head, el("p", { class: "note bad" }, b.error))
		newest = b
		parts.head(b)
		drawSource({ b: { sources: b.sources, source_count: b.source_count }, chosen: targets.chosen() })
		orphans.look(b.orphan_count, (b.links ?? []).length > 0)
		overlaps.look(b.shared)
		parts.conflicts({ conflicts: b.conflicts, conflict_count: b.conflict_count, shared: b.shared })
		parts.sites({ site: b.site, links: b.links, waiting: b.waiting })
		parts.dynamic({ dynamic: b.dynamic, count: b.dynamic_count })
		targets.look()
	},
})
