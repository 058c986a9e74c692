package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/realpeer/browser"
)

// otherWalks are about the pages besides that of the problems.
func otherWalks() []walk {
	return []walk{
		{"the page of a service says how it is, why, and what was", objectPage},
		{"bytes that were measured are written in the units that their numbers are of", measuredBytes},
		{"a host that does not exist is said not to, with names that are like it", missingObject},
		{"the tree is walked with keys", treeByKeys},
		{"an admin puts a role into maintenance, and takes it out", maintenance},
		{"what agents say of others is listed, and hostile names stay text", piggybackPage},
		{"a simulation says who would be told", simulatePage},
	}
}

func objectPage(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "97 % used | used=97%;80;90;0;100\\nthe second line\\n"+hostile)
	tab := s.signedIn(t, b, "anna", "object?host=core&service=disk")
	tab.Sees("97 % used")
	tab.Sees("Why")
	tab.Sees("What happened")
	tab.Sees("Business impact")
	s.service("core", "disk", 0, "tidied")
	tab.Sees("tidied")
	unowned(t, tab)
}

func measuredBytes(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 1, "776.00 GiB | /srv=833223655424B;800000000000;~:900000000000;0; /var=5120MB;6144;8192 /tmp=3kB /boot=1536KiB;20:")
	tab := b.Tab(t)
	tab.Go(s.at("object?host=core&service=disk"))
	tab.Sees("776.00 GiB")
	for name, want := range map[string]string{
		"/srv": "776 GiB; warn 745 GiB, crit 838 GiB", "/var": "5 GiB; warn 6 GiB, crit 8 GiB", "/tmp": "3 KiB; ", "/boot": "1.50 MiB; warn 20: KiB",
	} {
		tab.Until(name+" is "+want, fmt.Sprintf(`[...document.querySelectorAll(".metrics li")].some((m) => m.querySelector(".metric-name").innerText === %q
			&& m.querySelector("b").innerText + "; " + m.querySelector(".metric-foot span").innerText === %q)`, name, want))
	}
}

func missingObject(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Go(s.at("object?host=acess"))
	tab.Sees("There is no host called acess")
	tab.Sees("access")
}

func treeByKeys(t *testing.T, s *site, b *browser.Browser) {
	s.outage()
	tab := b.Tab(t)
	tab.Go(s.at("tree"))
	tab.Until("the tree is drawn", "document.querySelector('.node')")
	browser.Eval[bool](tab, `(document.querySelector("[role=treeitem][tabindex='0']") ?? document.querySelector("[role=treeitem]")).focus(), true`)
	tab.Press(browser.Right)
	tab.Until("something is chosen", "location.search.includes('at=')")
	tab.Press("o")
	tab.Until("its page is open", "document.body.dataset.page === 'object'")
}

func maintenance(t *testing.T, s *site, b *browser.Browser) {
	tab := s.signedIn(t, b, "boss", "engine")
	s.order(tab, "poller", "maintenance")
	tab.Until("the poller rests", "document.querySelector('td[data-role=poller]').innerText.includes('maintenance')")
	tab.Sees("by boss: a new disk")
	s.order(tab, "poller", "up")
	tab.Until("the poller works", "document.querySelector('td[data-role=poller]').innerText.includes('under way')")
}

// order has an admin choose what becomes of a role, or of all for none, on the page of the engine.
func (s *site) order(tab *browser.Tab, role, state string) {
	s.t.Helper()
	lines := 1
	if role == "" {
		lines = len(app.Roles())
	}
	tab.Click("button", "Maintenance of alpha…")
	tab.Has("heading", "Maintenance of alpha")
	tab.Until("it is chosen", `(() => { const [what, state] = document.querySelectorAll("dialog select"); what.value = "`+role+`"; state.value = "`+state+`"
		for (const s of [what, state]) s.dispatchEvent(new Event("change")); return true })()`)
	tab.Until("what becomes of it is told", fmt.Sprintf(`document.querySelectorAll("dialog dt").length === %d`, lines)) // which moves the button
	if state == "up" {
		tab.Click("button", "Do it")
		return
	}
	tab.Until("it is said why", `(() => { document.querySelector("dialog input[maxlength]").value = "a new disk"; return true })()`)
	tab.Click("button", "Do it")
	tab.Has("heading", "Nobody takes over from alpha")
	tab.Until("another name is not taken", `(() => { const name = document.querySelector("dialog input"); name.value = "beta"; name.dispatchEvent(new Event("input")); return !name.form.checkValidity() })()`)
	tab.Until("the name is typed", `(() => { const name = document.querySelector("dialog input"); name.value = "alpha"; name.dispatchEvent(new Event("input")); return name.form.checkValidity() })()`)
	tab.Click("button", "Do it all the same")
}

func piggybackPage(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Go(s.at("piggyback"))
	tab.Sees("vm-1")
	tab.Sees("esx")
	unowned(t, tab)
	if text := tab.Text("main"); strings.Contains(text, "\x1b") {
		t.Error("control characters reach the page")
	}
}

func simulatePage(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Go(s.at("simulate?of=core"))
	tab.Sees("If core failed")
	tab.Sees("person is told")
	tab.Sees("ann")
}
