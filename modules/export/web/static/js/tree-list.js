// The tree as an indented list: the same as the picture, for small screens and for who prefers to read.
import { badge, el } from "./base.js"
import { colour, inside, names, title, word } from "./tree-words.js"

/** list makes it; what it calls is what the canvas calls. */
export function list({ chosen, fold, leave }) {
	const node = el("ul", { class: "card flush branches", role: "tree", "aria-label": "The tree of hosts" })
	const l = { node, at: null }
	let nodes = []
	const rows = new Map()
	l.draw = (picture) => {
		nodes = picture.nodes
		const focus = document.activeElement?.dataset?.id
		rows.clear()
		node.replaceChildren(...nodes.map((n) => { const li = row(n); rows.set(n.id, li); return li }))
		rows.get(nodes.find((n) => n.id === l.at)?.id ?? nodes[0]?.id)?.setAttribute("tabindex", "0")
		if (focus) rows.get(focus)?.focus()
	}
	l.look = (looks) => {
		if (nodes.some((n) => looks[n.id])) l.draw({ nodes })
	}
	l.reveal = (id) => rows.get(id)?.scrollIntoView({ block: "nearest" })
	l.choose = (id, focus = true) => {
		rows.get(l.at)?.classList.remove("chosen")
		rows.get(l.at)?.setAttribute("tabindex", "-1")
		l.at = id
		const li = rows.get(id)
		li?.classList.add("chosen")
		li?.setAttribute("tabindex", "0")
		if (focus) { li?.focus(); l.reveal(id) }
	}
	const choose = (id) => { l.choose(id); chosen(id) }
	function row(n) {
		const says = word(n), folded = n.host && !n.open ? inside(n) : []
		const li = el("li", { "data-id": n.id, "data-kind": n.kind, "data-state": colour(n), class: n.id === l.at ? "chosen" : null, role: "treeitem", tabindex: "-1", "aria-level": n.level + 1, "aria-expanded": n.folds ? String(Boolean(n.open)) : null },
			n.folds ? el("button", { class: "plain twist", type: "button", tabindex: "-1", "aria-label": n.open ? "fold" : "unfold", onclick: (e) => { e.stopPropagation(); fold(n.id) } }, n.open ? "▾" : "▸") : el("span", { class: "twist" }),
			el("span", { class: "dot" }), el("span", { class: "what" }, el("b", {}, title(n)), n.host ? null : el("span", { class: "muted" }, ` ${names(n)}`)),
			says ? (n.host && n.kind !== "fine" && n.kind !== "handled" ? badge(n.state, n.soft) : el("span", { class: "says" }, says)) : null,
			n.host && n.behind ? el("span", { class: "muted nowrap" }, [`+${n.behind}`, ...folded].join(", ")) : null)
		li.style.setProperty("--deep", n.level)
		li.addEventListener("click", () => choose(n.id))
		return li
	}
	node.addEventListener("keydown", (e) => {
		const i = nodes.findIndex((n) => n.id === e.target.dataset?.id), n = nodes[i]
		if (!n || e.ctrlKey || e.metaKey || e.altKey) return
		if (e.key === "ArrowDown" && nodes[i + 1]) choose(nodes[i + 1].id)
		else if (e.key === "ArrowUp" && nodes[i - 1]) choose(nodes[i - 1].id)
		else if (e.key === "ArrowRight" && n.folds) n.open ? choose(nodes[i + 1].id) : fold(n.id)
		else if (e.key === "ArrowLeft") n.open ? fold(n.id) : n.trunk && choose(n.trunk)
		else if (e.key === "Enter" || e.key === " ") fold(n.id)
		else if (e.key === "o") leave(n.id)
		else return
		e.preventDefault()
	})
	return l
}
