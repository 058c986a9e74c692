// Who owns which shard: a row for each scheduler, a cell for each shard. One is chosen, and a line says more of it.
import { card, count, el, since } from "./base.js"
import { part } from "./parts.js"

/** shardsCard gives a card, and draw(shards, roles). */
export function shardsCard() {
	const inside = el("div", {})
	let chosen = -1
	let value = null
	const choose = (n) => { chosen = n; draw(value, true) }
	const draw = part(inside, ({ shards, schedulers }) => drawShards(shards, schedulers, chosen, choose))
	return {
		card: card(null, el("div", { class: "title" }, el("h2", {}, "Shards"), el("small", { class: "muted" }, "who looks after which hosts")), inside),
		draw(shards, roles) {
			value = { shards, schedulers: roles.filter((r) => r.role === "scheduler" && r.state !== "ended").map((r) => ({ node: r.node, state: r.state })) }
			draw(value)
		},
	}
}

function drawShards(shards, schedulers, chosen, choose) {
	if (shards.length === 0) return el("p", { class: "muted" }, "There is no configuration in force yet.")
	const most = Math.max(1, ...shards.map((s) => s.hosts))
	const nobody = shards.filter((s) => !s.owner || !schedulers.some((r) => r.node === s.owner) || s.unanswered)
	const rows = schedulers.map((r) => drawOwner(r.node, r.state === "up" ? "" : r.state, shards, (s) => s.owner === r.node && !s.unanswered))
	if (nobody.length > 0) rows.push(drawOwner("nobody", "waits for a scheduler", shards, (s) => nobody.includes(s), "bad"))
	return [el("div", { class: "owners", role: "group", "aria-label": "Shards", onkeydown: (e) => step(e, shards, chosen, choose) }, rows), drawChosen(shards[chosen], shards)]

	function drawOwner(name, state, all, mine, kind) {
		const own = all.filter(mine)
		return el("div", { class: "owner", "data-kind": kind }, el("div", { class: "who" }, el("strong", {}, name), el("small", { class: "muted" }, state || `${own.length} of ${all.length}, ${count(own.reduce((n, s) => n + s.hosts, 0))} hosts`)),
			cells((all.length > 64 ? own : all).map((s) => drawCell(s, mine(s)))))
	}

	function drawCell(s, mine) {
		if (!mine) return el("span", { class: "cell", "aria-hidden": "true" })
		const cell = el("button", {
			type: "button", class: "cell mine", "data-key": `shard ${s.shard}`, tabindex: s.shard === Math.max(0, chosen) ? 0 : -1, "aria-pressed": s.shard === chosen ? "true" : "false",
			title: `shard ${s.shard}, ${s.hosts} hosts`, "aria-label": `shard ${s.shard} of ${s.owner || "nobody"}, ${s.hosts} hosts`, onclick: () => choose(s.shard === chosen ? -1 : s.shard),
		}, String(s.shard))
		cell.style.setProperty("--weight", `${Math.round(25 + 75 * s.hosts / most)}%`)
		return cell
	}
}

function cells(all) {
	const row = el("div", { class: "cells" }, all)
	row.style.setProperty("--columns", String(Math.max(4, Math.min(16, all.length))))
	return row
}

/** step goes to the next shard with the arrow keys. */
function step(e, shards, chosen, choose) {
	const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key]
	if (!by) return
	e.preventDefault()
	const group = e.currentTarget
	const next = (Math.max(chosen, by < 0 ? 0 : chosen) + by + shards.length) % shards.length
	choose(next)
	document.querySelector(`.owners [data-key="shard ${next}"]`)?.focus()
	group.scrollIntoView({ block: "nearest" })
}

function drawChosen(s, shards) {
	if (!s) {
		const last = shards.filter((one) => one.moved).sort((a, b) => b.moved - a.moved)[0]
		return el("p", { class: "muted chosen-shard" }, last ? ["The last to move: shard ", String(last.shard), " to ", last.owner, ", ", since(last.moved), ` ago: ${last.why}`] : "A darker cell has more hosts. Choose one to see when it moved, and why.")
	}
	return el("p", { class: "chosen-shard", "aria-live": "polite" }, el("strong", {}, `Shard ${s.shard}`), `: ${count(s.hosts)} hosts, `, s.owner ? `of ${s.owner} since epoch ${s.epoch}` : "of nobody",
		s.unanswered ? [", and nobody answers for it for ", since(s.unanswered)] : "", ". ",
		s.moved ? el("span", { class: "muted" }, "Moved ", since(s.moved), ` ago: ${s.why}`) : el("span", { class: "muted" }, "The cluster log does not say when it moved."))
}
