// What the nodes of a tree say, for the picture and for the list.
import { count } from "./base.js"

const many = (n, one, more) => `${count(n)} ${n === 1 ? one : more}`

/** title is what a node is called. */
export function title(n) {
	if (n.host) return n.host
	if (n.alone) return `${n.more ? "…and " : "On their own: "}${many(n.count, "host", "hosts")}`
	return `${n.more ? "…and " : ""}${many(n.count, "host", "hosts")}`
}

/** names says which hosts a group has. */
export const names = (n) => (n.host ? "" : `${n.first} … ${n.last}`)

/** word says how a node is; empty for what is well, which needs no word. */
export function word(n) {
	if (n.host) {
		if (n.kind === "handled") return `${n.state} · ${n.ack ? "ack" : "downtime"}`
		if (n.kind !== "fine") return n.soft ? `${n.state}?` : n.state
		return n.ill ? `${n.ill} ${n.worst}` : ""
	}
	return inside(n)[0] ?? ""
}

/** inside says of what is folded into a node how much of it is not well, the worst first. */
export function inside(n) {
	const parts = [[n.down, "down"], [n.handled, "known"], [n.out, "out of reach"], [n.pending, "pending"]]
	return parts.filter(([c]) => c > 0).map(([c, what]) => `${count(c)} ${what}`)
}

/** worstInside is the kind of the worst that is folded into a host. */
export function worstInside(n) {
	return n.down ? "broken" : n.out ? "impact" : n.handled ? "handled" : n.pending ? "pending" : "fine"
}

/** colour is the state whose colour a node has. */
export function colour(n, kind = n.kind) {
	if (kind === "fine") return n.host && n.ill && kind === n.kind ? n.worst : "UP"
	return { pending: "PENDING", impact: "UNREACHABLE", handled: "DOWN", broken: "DOWN" }[kind]
}

/** spoken is all of it as a sentence, for who does not see the picture. */
export function spoken(n) {
	const parts = [title(n), names(n), n.host ? n.state : "", n.soft ? "being confirmed" : "", n.ack ? "acknowledged" : "", n.downtime ? "in downtime" : "", n.flapping ? "flapping" : ""]
	if (n.kind === "broken" && n.host) parts.push("a root problem")
	if (n.causes) parts.push(`suffers from ${n.causes.map((c) => c.slice(2)).join(", ")}`)
	if (n.ill) parts.push(`${many(n.ill, "service is", "services are")} not OK, at worst ${n.worst}`)
	if (n.behind) parts.push(`${many(n.behind, "host", "hosts")} behind`)
	parts.push(...(n.host && n.open ? [] : inside(n)))
	return parts.filter(Boolean).join(", ")
}
