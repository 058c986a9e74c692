// The head of the page of a host or service, and what its last check said.
import { badge, clock, count, el, entitle, objectLink, since, visible } from "./base.js"

/** plain takes the colours of terminals out of a text. */
export const plain = (text) => text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "")

/** head is the name of a host or service, how it is, and what can be done about it. */
export function head(of, bar) {
	const state = el("span", {})
	const facts = el("p", { class: "object-facts muted" })
	const tags = el("span", { class: "object-tags" })
	const name = of.service ? [el("span", { class: "object-of" }, objectLink(of.host), el("span", { class: "slash" }, "/")), of.service] : of.host
	const node = el("header", { class: "object-head" }, el("div", { class: "object-title" }, state, el("h1", {}, name), tags), facts, bar)
	return {
		node, looks: ["object"],
		paint({ object: o }) {
			node.dataset.state = o.state
			entitle({ what: of.service ? `${of.service} · ${of.host}` : of.host, state: o.state })
			state.replaceChildren(badge(o.state, o.soft))
			tags.replaceChildren(...tagsOf(o))
			facts.replaceChildren(...between(factsOf(o)))
		},
	}
}

/** tagsOf gives the words that stand beside a state. */
function tagsOf(o) {
	return [
		o.problem && o.state !== "UP" && o.state !== "OK" && ["root problem", "It is not the consequence of another problem"],
		o.acknowledged && ["acknowledged", o.acknowledged_until ? `until ${clock(o.acknowledged_until)}` : o.sticky ? "until it is well again" : "until its state changes"],
		o.in_downtime && ["in downtime", ""], o.flapping && ["flapping", `${o.percent_change.toFixed(0)} % of the last checks were changes`],
		...o.off.filter((s) => s === "notifications" || s === "active checks" && !o.passive).map((s) => [`${s} off`, ""]),
	].filter(Boolean).map(([text, title]) => el("span", { class: "tag", title }, text))
}

function factsOf(o) {
	const attempt = o.soft ? [`attempt ${o.attempt} of ${o.max_attempts}, being confirmed`] : []
	return [
		o.known ? [`${o.state} for `, since(o.last_state_change)] : ["nobody has told of it yet"], ...attempt.map((a) => [a]),
		o.alias ? [o.alias] : null, o.address && o.address !== o.host ? [el("span", { class: "mono" }, o.address)] : null,
		o.service && o.host_state && o.host_state !== "UP" ? ["its host is ", badge(o.host_state), " for ", since(o.host_since)] : null,
		o.own_state && o.own_state !== o.state ? ["its own check said ", badge(o.own_state)] : null,
	].filter(Boolean)
}

/** between puts dots between groups of nodes. */
const between = (groups) => groups.flatMap((g, i) => (i ? [el("span", { class: "between", "aria-hidden": "true" }, " · "), ...g] : g))

/** longest is how much of one line is shown before somebody asks for all of it. */
const longest = 600

/** said is what the last check said. A long line is cut, and whoever wants all of it unfolds it. */
export function said() {
	const text = el("p", { class: "said" })
	let whole = false
	const rest = el("button", { type: "button", class: "plain small", hidden: true, onclick: () => { whole = !whole; cut() } })
	let full = ""
	const cut = () => {
		const shown = whole || full.length <= longest ? full : `${full.slice(0, longest)}…`
		if (text.textContent !== shown) text.textContent = shown
		rest.hidden = full.length <= longest
		rest.textContent = whole ? "Less of this line" : `All ${count(full.length)} letters of this line`
		rest.setAttribute("aria-expanded", String(whole))
	}
	const long = el("details", { class: "more" }, el("summary", {}, "All that it said"), el("pre", { tabindex: 0 }))
	const foot = el("p", { class: "muted small" })
	const node = el("section", { class: "card said-card", "aria-label": "What the last check said" }, text, rest, long, foot)
	return {
		node, looks: ["object"],
		paint({ object: o }) {
			node.dataset.state = o.state
			full = visible(plain(o.output)) || (o.known && o.last_check ? "The check said nothing." : "It has not been checked yet.")
			cut()
			text.classList.toggle("muted", !o.output)
			const more = visible(plain((o.long_output ?? "").replaceAll("\\n", "\n")))
			long.hidden = !more
			if (long.lastChild.textContent !== more) long.lastChild.textContent = more
			const lines = more.split("\n").length
			long.firstChild.textContent = `${lines} more ${lines === 1 ? "line" : "lines"}`
			foot.replaceChildren(...(o.last_check ? ["checked ", since(o.last_check), " ago", o.passive ? ", by somebody who told of it" : ""] : []))
		},
	}
}
