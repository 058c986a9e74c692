// Parts of pages that are drawn anew whenever the server says something else, without taking away what somebody is at.
import { el, svg } from "./base.js"

/**
 * swap puts other children into a box. The focus stays on what has the same data-key. While somebody has chosen text in the box
 * it does nothing and gives false.
 */
export function swap(box, ...children) {
	const chosen = document.getSelection()
	if (chosen && !chosen.isCollapsed && box.contains(chosen.anchorNode)) return false
	const key = box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined
	box.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false))
	if (key !== undefined) [...box.querySelectorAll("[data-key]")].find((n) => n.dataset.key === key)?.focus({ preventScroll: true })
	return true
}

/** part gives a function that draws a value into a box if it is another than before. draw gives nodes. */
export function part(box, draw) {
	let last
	return (value, again) => {
		const text = JSON.stringify(value)
		if (text === last && !again) return
		if (swap(box, draw(value))) last = text
	}
}

/** spark draws numbers as bars, the newest at the right; room is how many there is room for. */
export function spark(numbers, room, label) {
	const most = Math.max(...numbers, 1)
	const bars = numbers.map((n, i) => {
		const height = n === 0 ? 0 : Math.max(1, 22 * n / most)
		return svg("rect", { x: (room - numbers.length + i) * 3, y: 24 - height, width: 2, height })
	})
	return svg("svg", { class: "spark", viewBox: `0 0 ${room * 3 - 1} 24`, preserveAspectRatio: "none", role: "img", "aria-label": label },
		svg("line", { x1: 0, y1: 23.7, x2: room * 3, y2: 23.7 }), bars)
}

/** bar shows how much of something is used. */
export function bar(used, of, label) {
	const b = el("span", { class: "bar", role: "img", "aria-label": label, title: label }, el("i", {}))
	b.style.setProperty("--used", `${of > 0 ? Math.min(100, 100 * used / of) : 0}%`)
	return b
}

/** short gives seconds in the unit that fits: under 1 ms, 12 ms, 2.9 s. */
export function short(seconds) {
	if (!(seconds > 0)) return "0"
	if (seconds < 0.001) return "<1 ms"
	if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
	return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
}

/** size gives bytes in the unit that fits. */
export function size(bytes) {
	const units = ["B", "kB", "MB", "GB", "TB"]
	let n = bytes
	while (n >= 1000 && units.length > 1) { n /= 1000; units.shift() }
	return `${n >= 10 || Number.isInteger(n) ? Math.round(n) : n.toFixed(1)} ${units[0]}`
}
