// Where the nodes of a tree stand: pure geometry, the same for the same picture each time. What is in front stands at the left, each
// level in a column of its own; what hangs from a node has a band of rows for itself, so that a cut can be drawn around it.

/** ROW is the height of a row, BOX that of a node in it, GAP the room between columns. */
export const ROW = 36, BOX = 28, GAP = 74

/**
 * layout places nodes. width(node) says how wide one is, label(shard) how wide the words about a shard are. It gives at: id to {x, y, w}, where y is the middle; width and height; and
 * cuts: {x, y, w, h, shard}, what lies behind a cut between shards.
 */
export function layout(picture, width, label) {
	const wood = plant(picture)
	for (let sweep = 0; sweep < 3 && wood.cross.length > 0; sweep++) {
		rows(wood)
		if (!turn(wood)) break
	}
	const height = rows(wood)
	const across = columns(wood, width), around = cuts(wood, label)
	return { at: wood.at, width: Math.max(across, ...around.map((c) => c.x + c.w)), height, cuts: around }
}

/** plant finds what hangs from what, and the edges that are no branches. */
function plant({ nodes, edges }) {
	const byID = new Map(nodes.map((n) => [n.id, n]))
	const kids = new Map([["", []]])
	for (const n of nodes) {
		const trunk = n.trunk ?? ""
		if (!kids.has(trunk)) kids.set(trunk, [])
		kids.get(trunk).push(n.id)
	}
	const cross = edges.filter((e) => byID.get(e.to).trunk !== e.from)
	const wood = { nodes, byID, kids, cross, at: new Map(), beside: new Map(), of: (id) => kids.get(id) ?? [] }
	for (const [trunk, all] of kids) all.sort((a, b) => side(wood, trunk, a) - side(wood, trunk, b))
	pair(wood)
	return wood
}

/** side has what lies in another shard than its parent stand behind its siblings, shard by shard. */
function side(wood, trunk, id) {
	const parent = wood.byID.get(trunk), n = wood.byID.get(id)
	return !parent || n.shard === parent.shard || n.shard < 0 ? -1 : n.shard
}

/** within says whether a node hangs from another one, directly or not. */
function within(wood, id, top) {
	for (let at = id; at; at = wood.byID.get(at).trunk) if (at === top) return true
	return false
}

/** pair finds nodes that stand in front of the same as their sibling, such as the second of two switches: they stand beside it. */
function pair(wood) {
	for (const [trunk, siblings] of wood.kids) {
		for (const id of siblings.slice()) {
			const leads = wood.cross.filter((e) => e.from === id && e.kind === "parent")
			if (leads.length === 0 || wood.of(id).length > 0) continue
			const with_ = siblings.find((s) => s !== id && leads.every((e) => within(wood, e.to, s)))
			const beside = wood.beside.get(with_) ?? []
			if (!with_ || leaves(wood, with_) < beside.length + 2) continue
			wood.beside.set(with_, [...beside, id])
			wood.kids.set(trunk, wood.of(trunk).filter((s) => s !== id))
		}
	}
}

function leaves(wood, id) {
	const kids = wood.of(id)
	return kids.length === 0 ? 1 : kids.reduce((n, k) => n + leaves(wood, k), 0)
}

/** rows gives each node its y, and the height of all. */
function rows(wood) {
	let next = ROW / 2
	const place = (id) => {
		const kids = wood.of(id)
		if (kids.length === 0) {
			wood.at.set(id, { y: next })
			next += ROW
			return
		}
		for (const kid of kids) place(kid)
		const middle = (wood.at.get(kids[0]).y + wood.at.get(kids.at(-1)).y) / 2
		const stack = [id, ...(wood.beside.get(id) ?? [])]
		stack.forEach((one, i) => wood.at.set(one, { y: middle + (i - (stack.length - 1) / 2) * ROW }))
		next += ROW / 4
	}
	for (const root of wood.of("")) {
		place(root)
		next += ROW / 4
	}
	return next - ROW / 4
}

/** turn moves siblings towards what they have edges with: each to the middle of those (barycentre). It says whether anything moved. */
function turn(wood) {
	const pulls = new Map()
	for (const { from, to } of wood.cross) {
		for (const [id, other] of [[from, to], [to, from]]) {
			for (let at = id; at && !within(wood, other, at); at = wood.byID.get(at).trunk) {
				const p = pulls.get(at) ?? { sum: 0, n: 0 }
				pulls.set(at, { sum: p.sum + wood.at.get(other).y, n: p.n + 1 })
			}
		}
	}
	let moved = false
	for (const [trunk, siblings] of wood.kids) {
		if (!siblings.some((id) => pulls.has(id))) continue
		const wants = (id) => (pulls.has(id) ? pulls.get(id).sum / pulls.get(id).n : wood.at.get(id).y)
		const before = siblings.join("\n")
		siblings.sort((a, b) => side(wood, trunk, a) - side(wood, trunk, b) || wants(a) - wants(b))
		moved ||= siblings.join("\n") !== before
	}
	return moved
}

/** columns gives each node its x and width, and the width of all. */
function columns(wood, width) {
	const wide = []
	for (const n of wood.nodes) {
		const at = wood.at.get(n.id)
		at.w = width(n)
		wide[n.level] = Math.max(wide[n.level] ?? 0, at.w)
	}
	const left = []
	let x = 0
	for (const w of wide) {
		left.push(x)
		x += (w ?? 0) + GAP
	}
	for (const n of wood.nodes) wood.at.get(n.id).x = left[n.level]
	return Math.max(0, x - GAP)
}

/** cuts finds what lies in another shard than what it hangs from, siblings of one shard together; label(shard) says how wide its words are. */
function cuts(wood, label) {
	const all = []
	const visit = (id) => {
		const own = wood.at.get(id)
		const b = { x: own.x, y: own.y - BOX / 2, right: own.x + own.w + 40, end: own.y + BOX / 2 }
		for (const one of wood.beside.get(id) ?? []) stretch(b, visit(one))
		fence(id, (kid) => stretch(b, kid))
		return b
	}
	/** fence visits what hangs from a node and puts cuts around those of other shards. */
	const fence = (trunk, take) => {
		let open = null
		const close = () => {
			if (!open) return
			const b = open.b
			b.x -= 20
			b.y -= 3
			b.end += 3
			b.right += label(open.shard)
			all.push({ shard: open.shard, x: b.x, y: b.y, w: b.right - b.x, h: b.end - b.y })
			b.right += 6
			take({ ...b, x: Infinity })
			open = null
		}
		for (const id of wood.of(trunk)) {
			const shard = side(wood, trunk, id), b = visit(id)
			if (shard !== open?.shard) close()
			if (shard < 0) take(b)
			else if (open) stretch(open.b, b)
			else open = { shard, b }
		}
		close()
	}
	fence("", () => {})
	return all.reverse()
}

function stretch(b, by) {
	b.x = Math.min(b.x, by.x)
	b.y = Math.min(b.y, by.y)
	b.right = Math.max(b.right, by.right)
	b.end = Math.max(b.end, by.end)
}
