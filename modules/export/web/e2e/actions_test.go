package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
	"github.com/onbu/onbu/monitor/api"
)

// actionWalks are about what people do on the page of a host or service, and take back there.
func actionWalks() []walk {
	return []walk{
		{"a comment is deleted", deleteComment},
		{"notifications and active checks are turned off, and on again", switches},
		{"an acknowledgement is taken back", unacknowledge},
		{"a flexible downtime begins with the first problem, and is cancelled", flexibleDowntime},
		{"a downtime of a host is that of the hosts behind it too, if asked for", downtimeOfImpacts},
		{"a downtime that is planned is cancelled before it begins", cancelPlanned},
	}
}

// more chooses from the menu of what is done seldom. For a moment after an action all buttons rest: a double click is one click.
func more(tab *browser.Tab, action string) {
	tab.Until("the buttons can be used", "document.querySelector('.actions') && !document.querySelector('.actions').dataset.busy")
	tab.Click("", "More actions")
	tab.Click("button", action)
}

func deleteComment(t *testing.T, s *site, b *browser.Browser) {
	tab := s.signedIn(t, b, "anna", "object?host=srv-1&service=disk")
	tab.Sees("fine")
	tab.Press("c")
	tab.Fill("What should others know?", "the disk is borrowed")
	tab.Click("button", "Comment")
	tab.Until("it stands in the notes", "document.querySelector('.notes')?.innerText.includes('the disk is borrowed')")
	tab.Click("button", "Delete the comment of anna: the disk is borrowed")
	tab.Sees("Deleted a comment on srv-1/disk")
	tab.Until("it stands there no longer", "!document.querySelector('.notes')?.innerText.includes('the disk is borrowed')")
}

func switches(t *testing.T, s *site, b *browser.Browser) {
	tab := s.signedIn(t, b, "anna", "object?host=core&service=tick")
	tab.Sees("How it is checked")
	for _, c := range []struct {
		what string
		is   func(*api.Object) bool
	}{
		{"Notifications", func(o *api.Object) bool { return o.Notifications }},
		{"Active checks", func(o *api.Object) bool { return o.ActiveChecks }},
	} {
		more(tab, c.what+" off")
		s.seen("core", "tick", c.what+" are off", func(o *api.Object) bool { return !c.is(o) })
		tab.Until("the head says so", fmt.Sprintf("document.querySelector('.object-tags').innerText.includes('%s off')", strings.ToLower(c.what)))
		more(tab, c.what+" on")
		s.seen("core", "tick", c.what+" are on", c.is)
		tab.Until("the head says so no longer", fmt.Sprintf("!document.querySelector('.object-tags').innerText.includes('%s off')", strings.ToLower(c.what)))
	}
}

func unacknowledge(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "full")
	tab := s.signedIn(t, b, "anna", "object?host=core&service=disk")
	tab.Sees("full")
	tab.Press("a")
	tab.Fill("What is being done about it?", "a larger one")
	tab.Click("button", "Acknowledge")
	tab.Until("the head says so", "document.querySelector('.object-tags').innerText.includes('acknowledged')")
	more(tab, "Take acknowledgement back")
	s.seen("core", "disk", "is not acknowledged", func(o *api.Object) bool { return !o.Acknowledged })
	tab.Until("the head says so no longer", "!document.querySelector('.object-tags').innerText.includes('acknowledged')")
}

// planning opens a page, and on it the dialog of a downtime with its reason.
func (s *site) planning(t *testing.T, b *browser.Browser, page, why string) *browser.Tab {
	t.Helper()
	tab := s.signedIn(t, b, "anna", page)
	tab.Sees("fine")
	tab.Press("d")
	tab.Fill("Why?", why)
	return tab
}

func flexibleDowntime(t *testing.T, s *site, b *browser.Browser) {
	tab := s.planning(t, b, "object?host=srv-2&service=disk", "it may fail while it is moved")
	tab.Click("checkbox", "Only from the first problem on")
	tab.Fill("minutes", "30")
	tab.Click("button", "Set downtime")
	tab.Sees("30m from the first problem on")
	depth := func(n uint16) func(*api.Object) bool {
		return func(o *api.Object) bool { return o.DowntimeDepth == n }
	}
	s.seen("srv-2", "disk", "is in no downtime yet", depth(0))
	s.service("srv-2", "disk", 2, "it fails")
	s.seen("srv-2", "disk", "is in downtime", depth(1))
	tab.Until("the head says so", "document.querySelector('.object-tags').innerText.includes('in downtime')")
	tab.Click("button", "Cancel the downtime of anna: it may fail while it is moved")
	s.seen("srv-2", "disk", "is in no downtime", depth(0))
	tab.Until("the head says so no longer", "!document.querySelector('.object-tags').innerText.includes('in downtime')")
}

func downtimeOfImpacts(t *testing.T, s *site, b *browser.Browser) {
	tab := s.planning(t, b, "object?host=access", "the switch is replaced")
	tab.Click("checkbox", "Hosts behind it as well")
	tab.Click("button", "Set downtime")
	for _, host := range []string{"access", "srv-1", "srv-2"} {
		s.seen(host, "", "is in downtime", func(o *api.Object) bool { return o.DowntimeDepth == 1 })
	}
	s.seen("core", "", "is in none", func(o *api.Object) bool { return o.DowntimeDepth == 0 })
	for _, host := range []string{"access", "srv-1", "srv-2"} {
		tab.Go(s.at("object?host=" + host))
		tab.Sees("the switch is replaced")
		more(tab, "Cancel downtimes")
		s.seen(host, "", "is in none any more", func(o *api.Object) bool { return o.DowntimeDepth == 0 })
	}
}

func cancelPlanned(t *testing.T, s *site, b *browser.Browser) {
	tab := s.planning(t, b, "object?host=srv-1", "on another day")
	tab.Click("radio", "other…")
	browser.Eval[bool](tab, `(() => { for (const [name, days] of [["from", 1], ["until", 2]]) {
		const field = document.querySelector("dialog input[aria-label=" + name + "]"), d = new Date(Date.now() + days * 86400e3)
		field.value = new Date(d - d.getTimezoneOffset() * 60000).toISOString().slice(0, 16)
		field.dispatchEvent(new Event("input", {bubbles: true}))
	} return true })()`)
	tab.Click("button", "Set downtime")
	tab.Sees("downtime planned")
	tab.Click("button", "Cancel the downtime of anna: on another day")
	tab.Sees("Cancelled a downtime of srv-1")
	tab.Until("nothing is planned", "!document.querySelector('main').innerText.includes('downtime planned')")
}
