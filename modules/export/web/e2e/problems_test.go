package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer/browser"
	"github.com/onbu/onbu/monitor/api"
)

func problemWalks() []walk {
	return []walk{
		{"a root problem has what follows from it folded under it", rootsFirst},
		{"somebody acknowledges with keys alone", acknowledgeByKeys},
		{"several are acknowledged at once", acknowledgeSeveral},
		{"an impact is chosen and acknowledged on its own", acknowledgeImpact},
		{"a downtime is set with the mouse", setDowntime},
		{"a comment is written, and what is hostile in it stays text", writeComment},
		{"a check is asked for", askForCheck},
		{"filters stand in the URL, and hold when it is opened again", filtersInURL},
		{"a state change reaches an open page", liveUpdate},
		{"hostile output stays text", hostileOutput},
		{"what turns the order of a text is shown, and turns nothing", turnedOutput},
	}
}

// outage has access be down, and two servers behind it out of reach.
func (s *site) outage() {
	s.t.Helper()
	s.host("access", 1, "no answer")
	s.host("srv-1", 1, "no answer")
	s.host("srv-2", 1, "no answer")
	s.seen("srv-2", "", "is out of reach", func(o *api.Object) bool { return o.State == "UNREACHABLE" })
}

// problems opens the page of problems, signed in as anna.
func (s *site) problems(t *testing.T, b *browser.Browser) *browser.Tab {
	t.Helper()
	return s.signedIn(t, b, "anna", "problems")
}

const rows = "[...document.querySelectorAll('li.problem .name')].map((n) => n.innerText.trim())"

func rootsFirst(t *testing.T, s *site, b *browser.Browser) {
	s.outage()
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	tab.Click("button", "5 impacts")
	tab.Sees("srv-1")
	tab.Sees("srv-2")
	if got := strings.Join(browser.Eval[[]string](tab, rows), ","); got != "access" {
		t.Errorf("the problems are %s, want access alone", got)
	}
}

func acknowledgeByKeys(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "full")
	tab := s.problems(t, b)
	tab.Sees("core/disk")
	tab.Press("ja")
	tab.Has("heading", "Acknowledge core/disk")
	tab.Press("I see")
	tab.Control(browser.Enter)
	tab.Sees("Acknowledged core/disk")
	s.seen("core", "disk", "is acknowledged", func(o *api.Object) bool { return o.Acknowledged })
	tab.Go(s.at("problems?handled=handled"))
	tab.Sees("anna: I see")
}

func acknowledgeSeveral(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "full")
	s.service("srv-1", "disk", 1, "nearly full")
	tab := s.problems(t, b)
	tab.Click("checkbox", "choose core/disk")
	tab.Click("checkbox", "choose srv-1/disk")
	tab.Click("button", "Acknowledge")
	tab.Has("heading", "Acknowledge 2 services")
	tab.Press("both")
	tab.Click("button", "Acknowledge")
	for _, host := range []string{"core", "srv-1"} {
		s.seen(host, "disk", "is acknowledged", func(o *api.Object) bool { return o.Acknowledged })
	}
}

// acknowledgeImpact takes one impact, and nothing else of what the outage brought.
func acknowledgeImpact(t *testing.T, s *site, b *browser.Browser) {
	s.outage()
	tab := s.problems(t, b)
	tab.Sees("access")
	tab.Press("jo")
	tab.Until("the impacts are there", "document.querySelectorAll('li.impact').length === 5")
	tab.Press("jjx") // behind access/disk, which says itself that it is fine
	tab.Until("an impact is chosen", "document.querySelector('.picked').textContent.includes('1 chosen, 1 of them impacts')")
	of := browser.Eval[[]string](tab, `document.querySelector("li.impact[data-chosen]").dataset.key.split("\n")`)
	tab.Press("a")
	tab.Has("heading", "Acknowledge "+strings.TrimSuffix(strings.Join(of, "/"), "/"))
	tab.Press("this one")
	tab.Control(browser.Enter)
	s.seen(of[0], of[1], "is acknowledged", func(o *api.Object) bool { return o.Acknowledged })
	s.seen("access", "", "is not acknowledged", func(o *api.Object) bool { return !o.Acknowledged })
	tab.Press("*")
	tab.Until("all that is shown is chosen", "document.querySelector('.picked').textContent.includes('6 chosen, 5 of them impacts')")
	tab.Press("o")
	tab.Until("what is folded is not chosen", "document.querySelector('.picked').textContent.includes('1 chosen') && !document.querySelector('.picked').textContent.includes('impacts')")
}

func setDowntime(t *testing.T, s *site, b *browser.Browser) {
	s.service("srv-2", "disk", 2, "full")
	tab := s.problems(t, b)
	tab.Click("checkbox", "choose srv-2/disk")
	tab.Click("button", "Downtime")
	tab.Has("heading", "Downtime for srv-2/disk")
	tab.Fill("Why?", "a larger disk")
	tab.Click("button", "Set downtime")
	s.seen("srv-2", "disk", "is in downtime", func(o *api.Object) bool { return o.DowntimeDepth == 1 })
	tab.Go(s.at("problems?handled=handled"))
	tab.Click("checkbox", "choose srv-2/disk")
	tab.Click("", "More actions")
	tab.Until("what does not apply is not offered", "[...document.querySelectorAll('.actions .choices button')].filter((b) => /acknowledgement|Notifications on/.test(b.textContent)).every((b) => b.hidden)")
	tab.Click("button", "Cancel downtimes")
	s.seen("srv-2", "disk", "is in no downtime", func(o *api.Object) bool { return o.DowntimeDepth == 0 })
}

func writeComment(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "full")
	tab := s.problems(t, b)
	tab.Sees("core/disk")
	tab.Press("jc")
	tab.Has("heading", "Comment on core/disk")
	tab.Fill("What should others know?", hostile)
	tab.Click("button", "Comment")
	tab.Sees("Commented on core/disk")
	tab.Go(s.at("object?host=core&service=disk"))
	tab.Sees(hostile)
	unowned(t, tab)
}

func askForCheck(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "tick", 2, "somebody says so")
	tab := s.problems(t, b)
	tab.Sees("core/tick")
	tab.Press("jr")
	s.seen("core", "tick", "was checked", func(o *api.Object) bool { return o.State == "OK" && strings.Contains(o.Output, "ticks") })
}

func filtersInURL(t *testing.T, s *site, b *browser.Browser) {
	s.outage()
	s.service("core", "disk", 1, "nearly full")
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	tab.Sees("core/disk")
	tab.Click("button", "WARNING 1")
	tab.Until("only what warns is shown", rows+".join() === 'core/disk'")
	if url := tab.URL(); !strings.Contains(url, "state=WARNING") {
		t.Errorf("the address is %s, want the filter in it", url)
	}
	other := b.Tab(t)
	other.Go(tab.URL())
	other.Until("only what warns is shown", rows+".join() === 'core/disk'")
	tab.Press("/")
	tab.Press("acc" + browser.Enter)
	tab.Until("the search is in the address", "location.search.includes('q=acc')")
	tab.Sees("No problem fits these filters")
}

// liveUpdate measures from when the result was given to the engine until the page had it, by one clock.
func liveUpdate(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	tab.Sees("All is well")
	browser.Eval[bool](tab, `(() => { const look = () => {
		if (document.querySelector("main").innerText.includes("core/disk")) window.seenAt = Date.now() / 1000; else requestAnimationFrame(look)
	}; look(); return true })()`)
	given := time.Now()
	s.service("core", "disk", 2, "full")
	tab.Until("the page shows it", "window.seenAt")
	shown := browser.Eval[float64](tab, "window.seenAt")
	t.Logf("the page had it %.3f s after the result was given to the engine", shown-float64(given.UnixMicro())/1e6)
	s.seen("core", "disk", "is critical", func(o *api.Object) bool { return o.State == "CRITICAL" })
}

func hostileOutput(t *testing.T, s *site, b *browser.Browser) {
	s.service(hostileName, "disk", 2, hostile)
	s.host(hostileName, 1, hostile)
	tab := b.Tab(t)
	tab.Go(s.at("problems?handled=all"))
	tab.Sees(hostileName)
	tab.Sees(hostile)
	unowned(t, tab)
	tab.Go(s.at("object?host=" + "%3Csvg%20onload%3Downed()%3E"))
	tab.Sees(hostile)
	unowned(t, tab)
	tab.Go(s.at("tree"))
	tab.Until("the tree is drawn", "document.querySelector('main').textContent.includes('<svg onload')")
	unowned(t, tab)
}

// turned reads "all fine" where a browser obeys it, and hides what it says; the second one is in a language that has joiners.
const (
	turned = "\u202Eenif lla\u202C \u2066x\u200B\u00AD"
	joined = "\u0645\u06CC\u200C\u0634\u0648\u062F"
)

func turnedOutput(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, turned+joined)
	s.obey("ADD_SVC_COMMENT", "core", "disk", "1", "ann", turned)
	tab := b.Tab(t)
	tab.Go(s.at("problems"))
	tab.Sees("x\u2039U+200B\u203A\u2039U+00AD\u203A" + joined) // the engine takes what turns the order out of outputs
	tab.Go(s.at("object?host=core&service=disk"))
	tab.Sees("\u2039U+202E\u203Aenif lla\u2039U+202C\u203A \u2039U+2066\u203Ax\u2039U+200B\u203A\u2039U+00AD\u203A")
	for _, where := range []string{"document.body.innerText", "[...document.querySelectorAll('[title],[aria-label]')].map((n) => n.title + n.getAttribute('aria-label')).join('')"} {
		if browser.Eval[bool](tab, "/[\\u202A-\\u202E\\u2066-\\u2069\\u200E\\u200F]/.test("+where+")") {
			t.Errorf("a character that turns the order of others is in %s", where)
		}
	}
	if got := browser.Eval[string](tab, "getComputedStyle(document.querySelector('main a, main span')).unicodeBidi"); got != "isolate" {
		t.Errorf("texts beside each other are parted by %q, want isolate", got)
	}
}
