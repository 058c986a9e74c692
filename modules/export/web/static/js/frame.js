// What stands around every page: the theme, keys that lead elsewhere, the search, and how many problems there are.
import { el, count, entitle, get, here, keys, toast } from "./base.js"

const root = document.documentElement
const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark"

function paintTheme() { document.getElementById("theme").textContent = dark() ? "☀" : "☾" }

document.getElementById("theme").addEventListener("click", () => {
	root.dataset.theme = dark() ? "light" : "dark"
	localStorage.setItem("theme", root.dataset.theme)
	paintTheme()
})
paintTheme()

let led = false
const ways = {}
for (const a of document.querySelectorAll(".nav a")) ways[a.dataset.key] = a.href
keys({
	"/": () => document.getElementById("seek").focus(),
	g: () => { led = true; setTimeout(() => { led = false }, 1500) },
	"?": () => toast("Keys: / find · g then p, t, e, b, s go to a page · j and k move · enter opens · o unfolds · x chooses, X up to here, * all, escape none · [ and ] turn the list · a acknowledges, d sets a downtime, r checks, c comments · m maintenance of a node"),
	...Object.fromEntries(Object.keys(ways).map((k) => [k, (e) => { if (led) { e.stopImmediatePropagation(); location.href = ways[k] } }])),
})

/** letters stand for states where there is no room for words. */
const letters = { DOWN: "D", CRITICAL: "C", UNREACHABLE: "U", UNKNOWN: "?", WARNING: "W" }

/** tally shows in the head how many root problems are open. */
async function tally() {
	if (document.hidden || document.body.dataset.role === "nobody") return
	try {
		const open = await get("data/tally")
		notice(Object.values(open).reduce((a, b) => a + b, 0))
		document.getElementById("tally").replaceChildren(...["DOWN", "CRITICAL", "UNREACHABLE", "UNKNOWN", "WARNING"].filter((state) => open[state] > 0).map((state) =>
			el("a", { class: "badge", "data-state": state, href: `problems?state=${state}`, title: `${count(open[state])} open root problems: ${state}` }, count(open[state]), el("span", { class: "word" }, state.toLowerCase()), el("span", { class: "letter", "aria-hidden": "true" }, letters[state]))))
	} catch { /* the pulse says it */ }
}

/** notice has the browser's tab say how many problems are open: in words, and with a dot on its picture. */
function notice(open) {
	entitle({ open })
	const icon = document.querySelector("link[rel=icon]"), wanted = icon.href.replace(/icon(-open)?\.svg$/, open ? "icon-open.svg" : "icon.svg")
	if (icon.href !== wanted) icon.href = wanted
}
tally()
setInterval(tally, 5000)

document.getElementById("to-sign-in")?.addEventListener("click", (e) => { e.currentTarget.href = `sign-in?to=${encodeURIComponent(here())}` })

/** Menus close when something else is clicked, or with Escape. */
const close = (except) => { for (const m of document.querySelectorAll("details.menu[open]")) if (!m.contains(except)) m.open = false }
document.addEventListener("click", (e) => close(e.target))
document.addEventListener("keydown", (e) => {
	if (e.key !== "Escape") return
	document.activeElement?.closest("details.menu[open]")?.querySelector("summary").focus()
	close(null)
})
