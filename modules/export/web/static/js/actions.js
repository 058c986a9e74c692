// What people do about hosts and services: acknowledge, downtimes, comments, checks. Each is one POST for all that are chosen.
import { attempt, dialog, el, here, keys, may, me, post, toast } from "./base.js"
import { momentField, nextMorning, secondsOf, textField } from "./moments.js"

const verbs = {
	acknowledge: "Acknowledged", unacknowledge: "Took back the acknowledgement of", downtime: "Set a downtime for", "cancel-downtime": "Cancelled downtimes of",
	comment: "Commented on", "delete-comment": "Deleted comments on", check: "Asked for a check of", notifications: "Changed notifications of", checks: "Changed checks of",
}

// verbsOfOne are for a downtime or comment of many.
const verbsOfOne = { "cancel-downtime": "Cancelled a downtime of", "delete-comment": "Deleted a comment on" }

/** nameOf gives a host or service as people call it. */
export const nameOf = ({ host, service }) => (service ? `${host}/${service}` : host)

/** several says what some objects are, in a few words. */
export function several(refs) {
	if (refs.length === 1) return nameOf(refs[0])
	return `${refs.length} ${refs.every((r) => !r.service) ? "hosts" : refs.every((r) => r.service) ? "services" : "hosts and services"}`
}

/** send gives an order as POST data/command takes it, and says what became of it. It gives true when all was done. */
export async function send(order) {
	const objects = order.objects.map(({ host, service }) => ({ host, service: service || undefined }))
	const { done, failed } = await post("data/command", { ...order, objects, once: nonce() })
	const refs = order.objects.filter((o) => !failed.some((f) => nameOf(f) === nameOf(o)))
	if (done > 0) toast(`${order.id ? verbsOfOne[order.do] : verbs[order.do]} ${several(refs)}.`)
	if (failed.length === 1) toast(`${nameOf(failed[0])}: ${failed[0].error}`, "bad")
	if (failed.length > 1) toast(`${failed.length} of ${order.objects.length} failed. ${nameOf(failed[0])}: ${failed[0].error}`, "bad")
	return failed.length === 0
}

/** nonce names a request, so that one that is sent twice is carried out once. */
const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("")

let hints = 0
/** box is a labelled checkbox, and the line that it stands in. */
const box = (label, checked, hint) => {
	const id = `hint-${++hints}`
	const input = el("input", { type: "checkbox", checked, "aria-label": label, "aria-describedby": hint ? id : null })
	return [input, el("label", { class: "check" }, input, el("span", {}, label, hint ? el("small", { id }, hint) : null))]
}

const listed = (refs) => (refs.length < 2 ? null : el("p", { class: "chosen muted" }, refs.slice(0, 6).map(nameOf).join(", "), refs.length > 6 ? ` and ${refs.length - 6} more` : ""))

/** acknowledge asks for a text and how long it is to last; it gives the order, or undefined. */
export async function acknowledge(refs) {
	const text = textField("What is being done about it?")
	const until = momentField([["no end", 0], ["1 h", 3600], ["4 h", 4 * 3600], nextMorning()], 0)
	const [sticky, stickyLine] = box("Until it is well again", true, "Otherwise it ends with the next change of state.")
	const [notify, notifyLine] = box("Tell the contacts", refs.length === 1)
	const yes = await dialog(`Acknowledge ${several(refs)}`, [listed(refs), text.line, el("div", { class: "field" }, el("span", {}, "Ends by itself"), until.line), stickyLine, notifyLine], "Acknowledge")
	return yes && { do: "acknowledge", text: text.value(), sticky: sticky.checked, notify: notify.checked, until: until.end() }
}

/** downtime asks for when, and why. */
export async function downtime(refs) {
	const text = textField("Why?")
	const until = momentField([["1 h", 3600], ["4 h", 4 * 3600], nextMorning()], 1, true)
	const hosts = refs.some((r) => !r.service)
	const [impacts, impactsLine] = box("Hosts behind it as well", false, "All that is reached only through it.")
	const [flexible, flexibleLine] = box("Only from the first problem on", false, "Begins when it fails within these times, and lasts as long as said here.")
	const minutes = el("input", { type: "number", min: 1, max: 525600, value: 60, "aria-label": "minutes" })
	const lasts = el("div", { class: "inset", hidden: true }, minutes, " minutes")
	flexible.addEventListener("change", () => { lasts.hidden = !flexible.checked })
	const yes = await dialog(`Downtime for ${several(refs)}`, [listed(refs), el("div", { class: "field" }, el("span", {}, "How long"), until.line), text.line, hosts ? impactsLine : null, flexibleLine, lasts], "Set downtime")
	if (!yes) return undefined
	const [start, end] = [until.start(), until.end()]
	return { do: "downtime", text: text.value(), start, end, fixed: !flexible.checked, duration: Math.min(minutes.value * 60, end - (start || secondsOf(new Date()))), impacts: hosts && impacts.checked }
}

/** comment asks for one. */
export async function comment(refs) {
	const text = textField("What should others know?")
	return await dialog(`Comment on ${several(refs)}`, [listed(refs), text.line], "Comment") && { do: "comment", text: text.value() }
}

/** sure asks before something is done to several, or takes away what somebody else has done; whose gives the names of those who did it. */
const sure = (title, order, kind, whose = () => []) => async (refs) => {
	const others = [...new Set(refs.flatMap(whose).filter((name) => name && name !== me.name))]
	const said = others.length ? el("p", { class: "muted" }, `By ${others.slice(0, 6).join(", ")}${others.length > 6 ? ` and ${others.length - 6} more` : ""}.`) : null
	return (refs.length < 2 && !said || await dialog(`${title}: ${several(refs)}?`, [listed(refs), said], title, kind)) && order
}

const check = async () => ({ do: "check" })

// What is done seldom: its name, what asks for it, and what of an object it is for; what is not known of one (undefined) may be.
const more = [
	["Take acknowledgement back", sure("Take acknowledgement back", { do: "unacknowledge" }, "", (r) => r.is?.ackBy ?? []), (is) => is.ack],
	["Cancel downtimes", sure("Cancel downtimes", { do: "cancel-downtime" }, "bad", (r) => r.is?.downtimeBy ?? []), (is) => is.downtime],
	["Notifications off", sure("Notifications off", { do: "notifications", on: false }, "bad"), (is) => is.muted === undefined ? undefined : !is.muted],
	["Notifications on", sure("Notifications on", { do: "notifications", on: true }), (is) => is.muted],
	["Active checks off", sure("Active checks off", { do: "checks", on: false }, "bad"), (is) => is.unchecked === undefined ? undefined : !is.unchecked],
	["Active checks on", sure("Active checks on", { do: "checks", on: true }), (is) => is.unchecked],
]

/** applies says whether something is for any of some objects; for none of them, all is shown. */
const applies = (refs, fits) => refs.length === 0 || refs.some((r) => (fits(r.is ?? {}) ?? true))

/**
 * actionBar is an element with the buttons for what refs() gives at the time: a list of {host, service, is}, where is says what is known
 * of each: ack, downtime, muted, unchecked, and who did it: ackBy, downtimeBy. Where somebody may not do
 * anything it says so in few words. after() is called when something was done.
 */
export function actionBar(refs, after = () => {}) {
	if (!may("command")) return readOnly()
	const bar = el("div", { class: "actions", role: "group", "aria-label": "Actions" })
	const act = (ask) => async () => {
		const chosen = refs()
		if (bar.dataset.busy || document.querySelector("dialog[open]")) return
		if (chosen.length === 0) return toast("Choose a host or service first: x, or the box in front of it.", "bad")
		const order = await ask(chosen)
		if (order) await busy(bar, () => send({ ...order, objects: chosen }))
		if (order) after()
	}
	const ways = { a: ["Acknowledge", act(acknowledge)], d: ["Downtime", act(downtime)], r: ["Re-check", act(check)], c: ["Comment", act(comment)] }
	bar.append(...Object.entries(ways).map(([key, [text, doing]]) => el("button", { type: "button", onclick: doing, title: `${text} (${key})`, "aria-keyshortcuts": key }, text)), menu(refs, act))
	keys(Object.fromEntries(Object.entries(ways).map(([key, [, doing]]) => [key, () => { if (bar.isConnected && bar.offsetParent) doing() }])))
	return bar
}

/** busy has a bar do nothing else while something is done, and for a moment afterwards: a double click is one click. */
async function busy(bar, doing) {
	bar.dataset.busy = "1"
	for (const b of bar.querySelectorAll("button")) b.disabled = true
	await Promise.all([attempt(doing), new Promise((done) => setTimeout(done, 600))])
	delete bar.dataset.busy
	for (const b of bar.querySelectorAll("button")) b.disabled = false
}

/** menu holds what is done seldom: of that, what is for any that are chosen when it is opened. */
function menu(refs, act) {
	const ways = more.map(([text, ask, fits]) => ({ fits, button: el("button", { type: "button", class: "plain", onclick: () => { all.open = false; act(ask)() } }, text) }))
	const all = el("details", { class: "menu", ontoggle: () => { const chosen = refs(); for (const { fits, button } of ways) button.hidden = !applies(chosen, fits) } },
		el("summary", { class: "button", "aria-label": "More actions" }, "More"), el("div", { class: "choices", role: "group" }, ways.map((w) => w.button)))
	return all
}

/** readOnly stands where buttons would be; their keys say why nothing happens. */
function readOnly() {
	const why = me.name ? `${me.name} has the role ${me.role}: acknowledging, downtimes, comments and checks take the role command` : "Sign in to acknowledge, to set downtimes, to comment and to check"
	keys(Object.fromEntries(["a", "d", "r", "c"].map((key) => [key, () => toast(why, "bad")])))
	if (me.name) return el("span", { class: "tag", title: why }, "read only")
	return el("a", { class: "plain", href: `sign-in?to=${encodeURIComponent(here())}` }, "Sign in to act")
}
