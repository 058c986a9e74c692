// The nodes and their roles: who works, who stands by, who rests, and how an admin has one rest.
import { attempt, card, count, dialog, duration, el, field, get, keys, may, post, since, table, toast } from "./base.js"
import { part, size, swap } from "./parts.js"

const roles = ["arbiter", "broker", "reactionner", "scheduler", "poller", "receiver"]

/** nodesCard gives a card, and draw(roles). */
export function nodesCard() {
	const inside = el("div", {})
	const open = new Set()
	let all = []
	const toggle = (node) => { open.has(node) ? open.delete(node) : open.add(node); draw(all, true) }
	const draw = part(inside, (list) => drawNodes(list, open, toggle))
	keys({ m: () => { const node = document.activeElement?.closest("[data-node]")?.dataset.node ?? (may("admin") && all[0]?.node); if (node && may("admin")) order(node, all) } })
	return {
		card: card(null, el("div", { class: "title" }, el("h2", {}, "Nodes"), el("small", { class: "muted letters" }, letter("M"), "works ", letter("S"), "stands by ", letter("♥"), "maintenance")), inside),
		draw(list) { all = list; draw(list) },
	}
}

const letter = (mode) => el("span", { class: "letter", "data-mode": mode, "aria-hidden": "true" }, mode)

/** drawNodes is a table: a row for each node, a column for each role. */
function drawNodes(all, open, toggle) {
	const names = [...new Set(all.map((r) => r.node))]
	if (names.length === 0) return el("p", { class: "muted" }, "No node shows itself yet; a new one does within 5 s.")
	const versions = [...new Set(all.filter((r) => r.state !== "ended").map((r) => r.version))]
	const columns = [...roles, ...new Set(all.map((r) => r.role).filter((r) => !roles.includes(r)))].filter((role) => all.some((r) => r.role === role))
	const head = el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Node"), columns.map((role) => el("th", { scope: "col" }, role)), el("th", {}, el("span", { class: "hidden" }, "Actions"))))
	const body = names.map((node) => {
		const own = all.filter((r) => r.node === node)
		return [drawNode(node, own, columns, all, open.has(node), toggle), open.has(node) ? el("tr", { class: "more" }, el("td", { colspan: columns.length + 2 }, drawMore(own))) : null]
	})
	return [el("table", { class: "nodes" }, head, el("tbody", {}, body)),
		el("p", { class: "muted small" }, versions.length > 1 ? ["Versions differ: ", versions.join(", "), ". That is fine while they are upgraded one after the other."] : `All run ${versions[0] ?? "nothing"}.`)]
}

function drawNode(node, own, columns, all, isOpen, toggle) {
	return el("tr", { "data-node": node }, el("th", { scope: "row" },
		el("button", { type: "button", class: "plain fold", "data-key": `fold ${node}`, "aria-expanded": isOpen ? "true" : "false", onclick: () => toggle(node) }, el("span", { "aria-hidden": "true" }, isOpen ? "▾" : "▸"), node), absent(own)),
		columns.map((role) => { const r = own.find((one) => one.role === role); return el("td", { "data-role": role, "data-none": r ? null : "yes" }, r ? drawRole(r) : el("span", { class: "faint" }, "–")) }),
		el("td", { class: "right acts" }, may("admin") ? el("button", { type: "button", "data-key": `order ${node}`, title: "Maintenance (m)", "aria-label": `Maintenance of ${node}…`, onclick: () => order(node, all) }, "Maintenance…") : null))
}

/** absent says of a node that rests, in whole or in part, by whom and why. */
function absent(own) {
	const resting = own.filter((r) => ["maintenance", "disconnected", "draining"].includes(r.state) && (r.why || r.by))
	const said = [...new Set(resting.map((r) => [r.by ? `by ${r.by}` : "", r.why].filter(Boolean).join(": ")))]
	return said.length > 0 ? el("small", { class: "muted resting" }, said.join("; ")) : null
}

/** drawRole is a letter for how a role is, and a word or number for what it does. */
function drawRole(r) {
	const [mark, word, state] = looks(r)
	const ordered = r.ordered && r.ordered !== r.state && r.state !== "draining" ? ` → ${r.ordered}` : "" // what drains is on its way there
	return el("span", { class: "role", title: [`${r.role} of ${r.node}: ${r.state}${r.ordered ? ` (${r.ordered} ordered)` : ""}`, r.why, r.by ? `by ${r.by}` : ""].filter(Boolean).join(", ") },
		letter(mark), el("span", { class: state ? "badge" : "does", "data-state": state }, word, ordered))
}

/** looks gives the letter, the word and the state of a role; a state only where somebody should look. */
function looks(r) {
	switch (r.state) {
	case "maintenance": return ["♥", "maintenance", null]
	case "disconnected": return ["⏏", "disconnected", null]
	case "draining": return ["↧", "draining", null]
	case "ended": return ["·", "ended", null]
	case "silent": return ["✕", "silent", "CRITICAL"]
	}
	return [r.mode || "M", does(r), null]
}

/** does says in few words what a role that works does. */
function does(r) {
	const load = r.load ?? {}
	switch (r.role) {
	case "arbiter": return r.mode === "S" ? "stands by" : "leads"
	case "scheduler": return r.shards?.length ? `${r.shards.length} shards` : "stands by"
	case "poller": return `${count(load.running ?? 0)} under way`
	case "reactionner": return load.running ? `${load.running} under way` : "ready"
	case "receiver": return load.spool_bytes ? `spools ${size(load.spool_bytes)}` : "ready"
	case "broker": return load.feed_seconds >= 30 ? `${duration(load.feed_seconds)} behind` : "ready"
	}
	return "works"
}

const words = { spool_bytes: (n) => size(n), journal_bytes: (n) => size(n), feed_seconds: (n) => duration(n), spool_seconds: (n) => duration(n), actions_seconds: (n) => duration(n) }

function drawMore(own) {
	const load = (r) => Object.entries(r.load ?? {}).filter(([, n]) => n !== 0).map(([k, n]) => `${k.replace(/_(bytes|seconds)$/, "").replaceAll("_", " ")} ${(words[k] ?? count)(n)}`).join(", ")
	return table(["Role", "State", "for", "Load", "Version", "Process", "Address"], own.map((r) => [
		r.role, [r.state, r.ordered ? ` (${r.ordered} ordered)` : "", r.why ? el("div", { class: "muted" }, r.why, r.by ? `, by ${r.by}` : "") : null], since(r.seen || r.since), load(r) || "–", { text: [r.version, el("span", { class: "faint" }, ` wire ${r.wire}`)], class: "mono" }, `${r.pid} on ${r.host}`, { text: r.http || "–", class: "mono" }]))
}

/** means says what an admin may order, and what that is. It stands below the choice, which would be too narrow for it on a phone. */
const means = { maintenance: "Gives up everything, takes nothing.", disconnected: "As maintenance, for the whole node, to change its addresses.", up: "Works again." }

/** order has an admin choose what of a node is to rest, or to work again, and shows beforehand what becomes of each role. */
async function order(node, all) {
	const own = all.filter((r) => r.node === node)
	const resting = own.some((r) => ["maintenance", "disconnected", "draining"].includes(r.state) || (r.ordered && r.ordered !== "up"))
	const what = el("select", {}, el("option", { value: "" }, "the whole node"), own.map((r) => el("option", { value: r.role }, `its ${r.role}`)))
	const state = el("select", {}, Object.keys(means).map((one) => el("option", { value: one, selected: one === (resting ? "up" : "maintenance") }, one)))
	const meaning = el("span", {})
	const drain = el("input", { type: "checkbox", checked: true })
	const why = el("input", { type: "text", maxlength: 500, required: true, placeholder: "kernel, disk, move…" })
	let planned = { warnings: [] }
	const plan = el("div", { class: "plan", "aria-live": "polite" })
	const rest = el("div", {}, el("label", { class: "check" }, drain, el("span", {}, "End what is under way first", el("small", {}, "For a minute at most."))), field("Why", why, "Others read it in the list of nodes and in the cluster log."))
	const wanted = () => ({ node, role: what.value, state: state.value, drain: state.value !== "up" && drain.checked, why: why.value.trim() })
	const draw = async () => {
		rest.hidden = state.value === "up"
		meaning.textContent = means[state.value]
		why.required = !rest.hidden
		what.disabled = state.value === "disconnected" // that is the whole node's
		if (what.disabled) what.value = ""
		const { drain: gently, why: _, ...q } = wanted()
		try {
			planned = await get(`data/node/plan?${new URLSearchParams({ ...q, drain: gently ? "1" : "" })}`)
			swap(plan, drawPlan(planned))
		} catch (e) { swap(plan, el("p", { class: "note bad" }, e.message)) }
	}
	for (const input of [what, state, drain]) input.addEventListener("change", draw)
	await draw()
	if (!await dialog(`Maintenance of ${node}`, [field("What", what), field("State", state, meaning), rest, plan], "Do it")) return
	if (state.value !== "up") await draw() // what was shown may be of a choice before
	if (state.value !== "up" && planned.warnings?.length > 0 && !await sure(node, what.value, planned)) return
	if (await attempt(() => post("data/node", wanted()))) toast(`Ordered: ${wanted().role || "all"} of ${node} ${wanted().state}. It is done within a second or so, or a minute when it drains.`)
}

function drawPlan(p) {
	return [el("dl", { class: "facts" }, p.lines.map((l) => [el("dt", {}, l.role), el("dd", {}, el("span", { class: "muted" }, `${l.now} → `), l.then)])),
		(p.warnings ?? []).map((w) => el("p", { class: "note bad" }, w))]
}

/** sure asks once more before nobody is left who does some work: the name of the node is to be typed. */
function sure(node, role, planned) {
	const name = el("input", { type: "text", autocomplete: "off", spellcheck: "false", required: true })
	const judge = () => name.setCustomValidity(name.value.trim() === node ? "" : `Type ${node}`)
	name.addEventListener("input", judge)
	judge()
	const pages = planned.warnings.some((w) => w.includes("the last broker"))
	return dialog(`Nobody takes over from ${node}`, [planned.warnings.map((w) => el("p", { class: "note bad" }, w)),
		el("p", {}, pages ? "These pages go too, so they cannot bring it back. Write down the command that does, for a terminal on that machine:" : "This brings it back, here or in a terminal:"),
		el("p", {}, el("code", {}, `onbu node maintenance off ${node}${role ? ` --role ${role}` : ""}`)),
		field(`Type ${node} to go on`, name)], "Do it all the same", "bad")
}
