package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
)

// looksWalks are about who uses fingers, keys, paper, or a voice that reads.
func looksWalks() []walk {
	return []walk{
		{"two fingers zoom the tree and one moves it", fingers},
		{"what is said about a host does not cover it on a phone", sheet},
		{"on a phone all of a dialog stands in it", narrowDialogs},
		{"the Tab key goes through every page and can be seen, everything used has a name, and tables have headers", everyPageIsOpenToAll},
		{"on paper there is what is shown, and nothing to press", onPaper},
		{"tabs say how things are", titles},
	}
}

// everyPage are all pages, each with what shows that it is there.
func everyPage() map[string]string {
	return map[string]string{
		"problems": "li.problem", "object?host=access": ".object-side .facts", "object?host=core&service=disk": ".object-side .facts", "tree?as=picture": ".node", "tree?as=list": ".branches li",
		"engine": ".nodes td", "piggyback": ".source", "simulate?of=core": ".figures",
	}
}

// left is where the drawing of the tree begins.
const left = "document.querySelector('.world').getCTM().e"

func fingers(t *testing.T, s *site, b *browser.Browser) {
	tab := b.Tab(t)
	tab.Size(390, 844)
	tab.Go(s.at("tree?as=picture"))
	tab.Until("the tree is drawn", "document.querySelector('.node')")
	type box struct{ X, Y, Width, Height float64 }
	at := browser.Eval[box](tab, "(({x, y, width, height}) => ({X: x, Y: y, Width: width, Height: height}))(document.querySelector('.canvas').getBoundingClientRect())")
	x, y := at.X+at.Width/2, at.Y+at.Height-60
	was := browser.Eval[float64](tab, "document.querySelector('.world').getCTM().a")
	tab.Touch(
		[]browser.Finger{{X: x - 20, Y: y}, {X: x + 20, Y: y}}, []browser.Finger{{X: x - 40, Y: y}, {X: x + 40, Y: y}},
		[]browser.Finger{{X: x - 60, Y: y}, {X: x + 60, Y: y}}, []browser.Finger{{X: x - 80, Y: y}, {X: x + 80, Y: y}},
	)
	tab.Until("it is drawn larger", fmt.Sprintf("document.querySelector('.world').getCTM().a > %g", was*1.5))
	size, begins := browser.Eval[float64](tab, "document.querySelector('.world').getCTM().a"), browser.Eval[float64](tab, left)
	tab.Touch([]browser.Finger{{X: x, Y: y}}, []browser.Finger{{X: x - 30, Y: y}}, []browser.Finger{{X: x - 90, Y: y}})
	tab.Until("it moved with the finger", fmt.Sprintf("%s < %g", left, begins-60))
	if now := browser.Eval[float64](tab, "document.querySelector('.world').getCTM().a"); now != size {
		t.Errorf("one finger has changed the size from %g to %g", size, now)
	}
}

func sheet(t *testing.T, s *site, b *browser.Browser) {
	s.outage()
	tab := b.Tab(t)
	tab.Size(390, 844)
	for _, as := range []string{"picture", "list"} {
		tab.Go(s.at("tree?as=" + as + "&at=h%3Asrv-2"))
		tab.Until("it is told of", "document.querySelector('.tree-side h2')?.innerText === 'srv-2'")
		tab.Until("it can be seen as "+as, `(() => {
			const node = document.querySelector(".node.chosen .box, .branches li.chosen").getBoundingClientRect(), side = document.querySelector(".tree-side").getBoundingClientRect()
			return node.top > 0 && node.bottom <= side.top
		})()`)
	}
}

// everyPageIsOpenToAll goes through all pages as somebody does who has no mouse, or does not see them.
func everyPageIsOpenToAll(t *testing.T, s *site, b *browser.Browser) {
	s.outage()
	tab := s.signedIn(t, b, "boss", "problems")
	for page, there := range everyPage() {
		tab.Go(s.at(page))
		tab.Until(page+" is there", "document.querySelector('"+there+"')")
		named(t, tab, page)
		focused(t, tab, page)
	}
	tab.Go(s.at("sign-in?to=tree&out"))
	named(t, tab, "sign-in")
}

// named looks for what a page shows that has no name.
func named(t *testing.T, tab *browser.Tab, page string) {
	t.Helper()
	if without := tab.Unnamed(); len(without) > 0 {
		t.Errorf("%s: there is no name for %s", page, strings.Join(without, ", "))
	}
	if n := browser.Eval[int](tab, "[...document.querySelectorAll('table')].filter((t) => !t.querySelector('th[scope]')).length"); n > 0 {
		t.Errorf("%s: %d tables have no headers", page, n)
	}
	if n := browser.Eval[int](tab, "document.querySelectorAll('[aria-live=assertive], [role=alert]:not(#stale)').length"); n > 0 {
		t.Errorf("%s: %d parts interrupt who listens", page, n)
	}
}

// focused looks at each thing that the Tab key comes to: it is in sight, and drawn otherwise than without the focus.
func focused(t *testing.T, tab *browser.Tab, page string) {
	t.Helper()
	for range 30 {
		tab.Press(browser.Tabs)
		said := browser.Eval[string](tab, `(() => {
			const at = document.activeElement, r = at.getBoundingClientRect()
			if (at === document.body) return "end"
			const drawn = [at, at.nextElementSibling, at.querySelector(".box")].filter(Boolean).map((n) => getComputedStyle(n))
			if (!drawn.some((d) => d.outlineStyle !== "none" && parseFloat(d.outlineWidth) >= 2 || parseFloat(d.strokeWidth) >= 3)) return "is not drawn: " + at.outerHTML.slice(0, 120)
			if (r.bottom <= 0 || r.top >= innerHeight || r.right <= 0 || r.left >= innerWidth) return "is out of sight: " + at.outerHTML.slice(0, 120)
			return ""
		})()`)
		switch said {
		case "end":
			return
		case "":
		default:
			t.Errorf("%s: what has the focus %s", page, said)
		}
	}
}

func onPaper(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "97 % used")
	tab := s.signedIn(t, b, "anna", "problems")
	for page, want := range map[string]string{"problems": "97 % used", "object?host=core&service=disk": "97 % used"} {
		tab.Paper(false)
		tab.Go(s.at(page))
		tab.Sees(want)
		tab.Paper(true)
		tab.Until(page+" has nothing to press", `![...document.querySelectorAll("nav, button, input, .top, .actions")].some((n) => n.offsetParent && getComputedStyle(n).visibility !== "hidden" && !n.matches(".fold"))`)
		tab.Sees(want)
	}
}

func titles(t *testing.T, s *site, b *browser.Browser) {
	s.service("core", "disk", 2, "full")
	tab := b.Tab(t)
	for page, want := range map[string]string{"problems": "(1) Problems · Onbu", "tree": "(1) Tree · Onbu", "object?host=core&service=disk": "CRITICAL: disk · core · Onbu"} {
		tab.Go(s.at(page))
		tab.Until("its title is "+want, "document.title === '"+want+"' && document.querySelector('link[rel=icon]').href.endsWith('/icon-open.svg')")
	}
}
