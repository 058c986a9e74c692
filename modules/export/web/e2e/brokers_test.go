package e2e_test

import (
	"testing"

	"github.com/onbu/onbu/internal/realpeer/browser"
	"github.com/onbu/onbu/monitor/api"
)

// brokersWalks are about a site with a second broker, in a process of its own where there is no other role.
func brokersWalks() []walk {
	return []walk{
		{"what is done on the pages of one broker shows on those of another", twoBrokers},
		{"a broker alone has all that its pages show, or says what it cannot know", brokerAlone},
	}
}

func twoBrokers(t *testing.T, s *site, b *browser.Browser) {
	other := s.beside(t)
	s.service("core", "disk", 2, "full")
	here, there := s.signedIn(t, b, "anna", "object?host=core&service=disk"), b.Tab(t)
	there.Go(other.at("object?host=core&service=disk"))
	there.Sees("full")
	here.Sees("full")
	here.Press("a")
	here.Fill("What is being done about it?", "seen from the other side")
	here.Click("button", "Acknowledge")
	there.Sees("seen from the other side")
	there.Until("its head says so", "document.querySelector('.object-tags').innerText.includes('acknowledged')")
	away := other.signedIn(t, b, "anna", "problems?handled=handled")
	away.Click("checkbox", "choose core/disk")
	more(away, "Take acknowledgement back")
	s.seen("core", "disk", "is not acknowledged", func(o *api.Object) bool { return !o.Acknowledged })
	here.Until("the head of the first says so", "!document.querySelector('.object-tags').innerText.includes('acknowledged')")
}

func brokerAlone(t *testing.T, s *site, b *browser.Browser) {
	other := s.beside(t)
	s.service("core", "disk", 2, "97 % used|used=97%")
	tab := other.signedIn(t, b, "boss", "problems")
	tab.Allow("502") // on a slow machine the owner may be too late with why it is so: the page says that, and asks again
	for _, c := range []struct{ page, sees string }{
		{"problems", "core/disk"},
		{"object?host=core&service=disk", "Why"},
		{"object?host=core&service=tick", "Follow the next check"},
		{"object?host=vm-1", "Fed by"},
		{"tree?as=list", "srv-1"},
		{"engine", "Only a process with an arbiter"},
		{"piggyback", "esx"},
		{"simulate?of=core", "person is told"},
	} {
		tab.Go(other.at(c.page))
		tab.Sees(c.sees)
	}
}
