package e2e_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
)

// narrowDialogs opens what asks for something on a phone. The name in its head is made one that has no place to break.
func narrowDialogs(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "full")
	tab := s.signedIn(t, b, "boss", "problems")
	tab.Size(390, 844)
	tab.Go(s.at("object?host=core&service=disk"))
	for _, asked := range [][2]string{{"Acknowledge", "Acknowledge core/disk"}, {"Downtime", "Downtime for core/disk"}, {"Comment", "Comment on core/disk"}} {
		action, heading := asked[0], asked[1]
		tab.Sees("full")
		tab.Click("button", action)
		tab.Has("heading", heading)
		if action != "Comment" {
			tab.Click("radio", "other…") // which brings more inputs
		}
		if action == "Downtime" {
			tab.Click("checkbox", "Only from the first problem on")
		}
		narrow(t, tab, heading)
		tab.Click("button", "Cancel")
	}
	tab.Go(s.at("piggyback"))
	tab.Click("button", "Sections for vm-1")
	tab.Has("heading", "Payloads for vm-1")
	narrow(t, tab, "Payloads for vm-1")
	tab.Click("button", "Cancel")
	tab.Go(s.at("engine"))
	for _, state := range []string{"maintenance", "disconnected", "up"} {
		tab.Click("button", "Maintenance of alpha…")
		tab.Has("heading", "Maintenance of alpha")
		tab.Until("it is chosen", `(() => { const state = document.querySelectorAll("dialog select")[1]; state.value = "`+state+`"; state.dispatchEvent(new Event("change")); return true })()`)
		tab.Until("what becomes of it is told", `document.querySelectorAll("dialog dt").length > 1`)
		narrow(t, tab, "Maintenance of alpha: "+state)
		if state == "up" {
			break
		}
		tab.Until("it is said why", `(() => { document.querySelector("dialog input[maxlength]").value = "a new disk"; return true })()`)
		tab.Click("button", "Do it")
		tab.Has("heading", "Nobody takes over from alpha")
		narrow(t, tab, "Nobody takes over from alpha: "+state)
		tab.Click("button", "Cancel")
	}
}

// narrow looks whether all of the dialog that is open stands in it, and it in the window.
func narrow(t *testing.T, tab *browser.Tab, of string) {
	t.Helper()
	out := browser.Eval[[]string](tab, `(() => {
		const d = document.querySelector("dialog[open]")
		d.querySelector("h2").append("-" + "x".repeat(70))
		const inside = d.getBoundingClientRect().left + d.clientLeft + d.clientWidth
		const out = [...d.querySelectorAll("*")].filter((n) => n.getBoundingClientRect().right > inside).map((n) => n.outerHTML.slice(0, 80))
		const pen = document.createElement("canvas").getContext("2d")
		for (const n of d.querySelectorAll("select")) {
			pen.font = getComputedStyle(n).font
			for (const o of n.options) if (pen.measureText(o.text).width > n.clientWidth - 40) out.push("there is no room for " + o.text)
		}
		if (d.scrollWidth > d.clientWidth) out.push("it scrolls: " + d.scrollWidth + " > " + d.clientWidth)
		if (d.getBoundingClientRect().right > innerWidth || d.getBoundingClientRect().left < 0) out.push("it is wider than the window")
		return out
	})()`)
	if len(out) > 0 {
		t.Errorf("%s: beyond the dialog: %s", of, strings.Join(out, "\n"))
	}
}
