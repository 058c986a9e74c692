// The filters of the list of problems. They stand in the URL, so that a list can be shared and kept as a bookmark.
import { count, el, get, params, setParams } from "./base.js"

const states = ["DOWN", "CRITICAL", "UNREACHABLE", "UNKNOWN", "WARNING"]
const names = ["state", "q", "hostgroup", "servicegroup", "handled", "soft", "sort", "offset", "limit"]

/** filters are those of the page, as the server takes them. */
export function filters() {
	const all = params()
	return new URLSearchParams(names.filter((n) => all.get(n)).map((n) => [n, all.get(n)]))
}

/** filtered says whether anything is left out that is open. */
export const filtered = () => ["state", "q", "hostgroup", "servicegroup", "soft"].some((n) => params().get(n))

/** narrow gives the filters that look at impacts too. */
export function narrow() {
	const all = params()
	return new URLSearchParams(["state", "q", "hostgroup", "servicegroup"].filter((n) => all.get(n)).map((n) => [n, all.get(n)]))
}

const chosenStates = () => (params().get("state") ?? "").toUpperCase().split(",").filter(Boolean)

/** filterBar makes the bar of filters; changed() is called when somebody used it. update(numbers) shows numbers in it. */
export function filterBar(changed) {
	const set = (changes) => { setParams({ offset: null, ...changes }); paint(); changed() }
	const chips = el("div", { class: "chips", role: "group", "aria-label": "States" })
	const which = el("div", { class: "switch", role: "group", "aria-label": "Handled or not" })
	const more = el("div", { class: "more" })
	const bar = el("div", { class: "filters" }, chips, which, el("span", { class: "grow" }), more)
	let numbers = { states: {}, open: 0, handled: 0, soft: 0 }
	const toggle = (s) => {
		const now = chosenStates()
		set({ state: (now.includes(s) ? now.filter((o) => o !== s) : [...now, s]).join(",") })
	}
	const paint = () => {
		const now = chosenStates()
		chips.replaceChildren(...states.filter((s) => numbers.states[s] || now.includes(s)).map((s) =>
			el("button", { type: "button", class: "chip", "data-state": s, "aria-pressed": String(now.includes(s)), title: `${count(numbers.states[s] ?? 0)} ${s}: root problems, and what follows from them`, onclick: () => toggle(s) }, el("span", { class: "dot" }), s, el("b", {}, count(numbers.states[s] ?? 0)))))
		const handled = params().get("handled") ?? "open"
		which.replaceChildren(...[["open", "Open", numbers.open], ["handled", "Handled", numbers.handled], ["all", "All", numbers.open + numbers.handled]].map(([value, text, n]) =>
			el("button", { type: "button", "aria-pressed": String(handled === value), onclick: () => set({ handled: value === "open" ? null : value }) }, text, el("span", { class: "faint" }, count(n)))))
		more.replaceChildren(...given(set), ...choices(set, numbers))
	}
	seek(set)
	paint()
	return { bar, update: (n) => { numbers = n; if (!bar.contains(document.activeElement) || !document.activeElement.matches("select, input")) paint() } }
}

/** given are the filters in force that have no button of their own. */
function given(set) {
	return [["q", "“", "”"], ["hostgroup", "group ", ""], ["servicegroup", "services ", ""]].filter(([n]) => params().get(n)).map(([n, before, behind]) =>
		el("button", { type: "button", class: "given", title: "Take this filter away", onclick: () => { if (n === "q") document.getElementById("seek").value = ""; set({ [n]: null }) } }, before + params().get(n) + behind, el("span", { "aria-hidden": "true" }, "✕")))
}

const orders = [["", "By impact"], ["newest", "Newest first"], ["oldest", "Oldest first"], ["state", "Worst first"], ["name", "By name"]]

function choices(set, numbers) {
	const sort = el("select", { "aria-label": "Order", onchange: (e) => set({ sort: e.target.value }) }, orders.map(([value, text]) => el("option", { value, selected: (params().get("sort") ?? "") === value }, text)))
	const off = params().get("soft") === "0"
	const soft = numbers.soft || off ? el("button", { type: "button", class: "soft", "aria-pressed": String(!off), title: "Show what is still being confirmed", onclick: () => set({ soft: off ? null : "0" }) }, `${count(numbers.soft)} being confirmed`) : null
	return [soft, group(set), sort].filter(Boolean)
}

/** group chooses a host group or service group. */
function group(set) {
	const box = el("select", { "aria-label": "Group", class: "group", onfocus: () => load(box), onpointerdown: () => load(box), onchange: (e) => {
		const [kind, name] = [e.target.selectedOptions[0].dataset.kind, e.target.value]
		set({ hostgroup: kind === "hostgroup" ? name : null, servicegroup: kind === "servicegroup" ? name : null })
	} }, el("option", { value: "" }, "All groups"))
	return box
}

let groups = null

/** load asks for the groups once somebody wants to choose one. */
async function load(box) {
	if (box.options.length > 1) return
	groups ??= get("data/groups").catch(() => { groups = null; return { hostgroups: [], servicegroups: [] } })
	const { hostgroups, servicegroups } = await groups
	if (box.options.length > 1) return
	const part = (label, kind, all) => (all.length ? el("optgroup", { label }, all.map((n) => el("option", { value: n, "data-kind": kind, selected: params().get(kind) === n }, n))) : "")
	box.append(part("Host groups", "hostgroup", hostgroups), part("Service groups", "servicegroup", servicegroups))
}

/** seek has the box in the head filter the list while somebody types. */
function seek(set) {
	const box = document.getElementById("seek")
	box.value = params().get("q") ?? ""
	let timer = 0
	const take = () => { clearTimeout(timer); if ((params().get("q") ?? "") !== box.value.trim()) set({ q: box.value.trim().slice(0, 200) }) }
	box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(take, 250) })
	box.addEventListener("keydown", (e) => { if (e.key === "Escape") { box.value = ""; take(); box.blur() } })
	box.form.addEventListener("submit", (e) => { e.preventDefault(); take(); box.blur() })
}
