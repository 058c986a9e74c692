package sites_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// two gives the sites berlin, with web and db, and paris, with mail, on one cable.
func two(t *testing.T) (berlin, paris *site, c *cable) {
	t.Helper()
	berlin, paris, c = newSite(t, "berlin", "web", "db"), newSite(t, "paris", "mail"), newCable()
	berlin.join(c, bus.Tenant{})
	paris.join(c, bus.Tenant{})
	return berlin, paris, c
}

func now() monitor.Time { return monitor.At(time.Now()) }

// elapse lets time pass, and everything happen in it.
func elapse(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSitesLearnWhichHostsTheOthersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		if got, want := paris.known("berlin"), []string{"db", "web"}; !slices.Equal(got, want) {
			t.Errorf("paris knows %v of berlin, want %v", got, want)
		}
		if got, want := berlin.known("paris"), []string{"mail"}; !slices.Equal(got, want) {
			t.Errorf("berlin knows %v of paris, want %v", got, want)
		}
		berlin.hosts(2, "web", "new")
		elapse(time.Second)
		if got, want := paris.known("berlin"), []string{"new", "web"}; !slices.Equal(got, want) {
			t.Errorf("a second after a reload paris knows %v of berlin, want %v", got, want)
		}
	})
}

func TestAHundredThousandHostsAreLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		var hosts []string
		for i := range 100_000 {
			hosts = append(hosts, name(i))
		}
		berlin.hosts(2, hosts...)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		if got := paris.known("berlin"); !slices.Equal(got, hosts) {
			t.Errorf("paris knows %d hosts of berlin, want %d", len(got), len(hosts))
		}
	})
}

func TestAPayloadGoesToItsSiteAtOnceAndWaitsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		at := now()
		berlin.fetched("paris", "mail", "esx", at, "<<<uptime>>>")
		paris.fetched("berlin", "web", "esx2", at, "<<<df>>>")
		elapse(50 * time.Millisecond)
		got := paris.kept.get("mail", "esx")
		if string(got.Data) != "<<<uptime>>>" || got.At != at || got.Site != "berlin" {
			t.Errorf("paris has %q of %v from %q", got.Data, got.At, got.Site)
		}
		if got := paris.kept.sources["esx"]; got.At != at || got.Site != "berlin" {
			t.Errorf("paris has heard of the source as %+v", got)
		}
		if got := berlin.kept.get("web", "esx2"); string(got.Data) != "<<<df>>>" {
			t.Errorf("berlin has %q", got.Data)
		}
		if n := berlin.waiting("paris"); n != 0 {
			t.Errorf("%d letters wait still", n)
		}
	})
}

func TestAfterAnOutageTheNewestIsThereAndNothingOlderFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, c := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		c.cut.Store(true)
		for range 10 {
			berlin.fetched("paris", "mail", "esx", now(), time.Now().Format("15:04"))
			elapse(time.Minute)
		}
		if n := berlin.waiting("paris"); n != 2 {
			t.Errorf("%d letters wait, want the payload and its source", n)
		}
		newest := time.Now().Add(-time.Minute).Format("15:04")
		c.cut.Store(false)
		elapse(2 * time.Second)
		if got := paris.kept.get("mail", "esx"); string(got.Data) != newest {
			t.Errorf("two seconds after the outage paris has %q, want %q", got.Data, newest)
		}
		elapse(time.Minute)
		if got, want := paris.kept.order, []string{"mail:" + newest}; !slices.Equal(got, want) {
			t.Errorf("paris kept %v, want %v", got, want)
		}
		if n := berlin.waiting("paris"); n != 0 {
			t.Errorf("%d letters wait still", n)
		}
	})
}

func TestAParcelThatIsLostOnTheWayGoesAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, c := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		c.cut.Store(true) // shorter than anybody would notice
		berlin.fetched("paris", "mail", "esx", now(), "lost")
		elapse(10 * time.Millisecond)
		c.cut.Store(false)
		elapse(3 * time.Second)
		if got := paris.kept.get("mail", "esx"); string(got.Data) != "lost" {
			t.Errorf("paris has %q", got.Data)
		}
	})
}

func TestWhatASiteCannotStoreIsKeptForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		paris.kept.refuse = errors.New("disk full")
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		berlin.fetched("paris", "mail", "esx", now(), "data")
		elapse(time.Minute)
		if n := berlin.waiting("paris"); n != 2 {
			t.Errorf("%d letters wait, want 2", n)
		}
		paris.kept.mu.Lock()
		paris.kept.refuse = nil
		paris.kept.mu.Unlock()
		elapse(20 * time.Second)
		if got := paris.kept.get("mail", "esx"); string(got.Data) != "data" {
			t.Errorf("paris has %q", got.Data)
		}
	})
}

func TestASiteThatWasAwayAtTheStartKeepsItsHostsAndGetsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		stopBerlin, stopParis := berlin.run(), paris.run()
		elapse(3 * time.Second)
		stopBerlin()
		stopParis()
		berlin.run()
		elapse(2 * time.Hour)
		if got, want := berlin.known("paris"), []string{"mail"}; !slices.Equal(got, want) {
			t.Errorf("berlin knows %v of paris, want %v", got, want)
		}
		berlin.fetched("paris", "mail", "esx", now(), "data")
		paris.run()
		elapse(time.Second)
		if got := paris.kept.get("mail", "esx"); string(got.Data) != "data" {
			t.Errorf("paris has %q", got.Data)
		}
	})
}

func TestASiteIsForgottenAfterAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, _, _ := two(t)
		for name, away := range map[string]time.Duration{"rome": 29, "oslo": 31} {
			site := wire.Site{Name: name, Heard: monitor.At(time.Now().Add(-away * 24 * time.Hour))}
			_, err := berlin.bus.Put(t.Context(), bus.CFG, bus.SiteKey(name), wire.Marshal(site), 0)
			must(t, err)
			must(t, berlin.bus.PutBlob(t.Context(), bus.CFG, wire.SiteHostsName(name), wire.Marshal(wire.SiteHosts{Hosts: []string{"of" + name}})))
			berlin.fetched(name, "of"+name, "esx", now(), "data")
		}
		berlin.run()
		elapse(61 * time.Minute)
		if got, n := berlin.known("oslo"), berlin.waiting("oslo"); got != nil || n != 0 {
			t.Errorf("berlin knows %v of a site that was away for a month, and %d letters wait", got, n)
		}
		if got, n := berlin.known("rome"), berlin.waiting("rome"); len(got) != 1 || n != 2 {
			t.Errorf("berlin knows %v of a site that was away for less, and %d letters wait", got, n)
		}
	})
}

func TestASiteIsForgottenWhenToldToAndComesBackWhenItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		berlin.run()
		stop := paris.run()
		elapse(3 * time.Second)
		stop()
		elapse(10 * time.Second)
		berlin.fetched("paris", "mail", "esx", now(), "data")
		must(t, berlin.of.Forget(t.Context(), "paris"))
		if got, n := berlin.known("paris"), berlin.waiting("paris"); got != nil || n != 0 {
			t.Errorf("berlin knows %v of a site that it was to forget, and %d letters wait", got, n)
		}
		if err := berlin.of.Forget(t.Context(), "rome"); err == nil {
			t.Error("a site that nobody knows was forgotten")
		}
		paris.run()
		elapse(3 * time.Second)
		if got := berlin.known("paris"); got == nil {
			t.Error("berlin does not know a site that came again")
		}
	})
}

func TestATenantHearsOnlyOfTheHostsItHasToDoWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, xenon, c := newSite(t, "hub", "x-router", "y-router", "own"), newSite(t, "xs", "x-web", "y-web"), newCable()
		fits := func(prefix string) func(string) bool {
			return func(h string) bool { return strings.HasPrefix(h, prefix) }
		}
		hub.join(c, bus.Tenant{Name: "xenon", Ours: fits("x-"), Theirs: fits("x-")})
		xenon.join(c, bus.Tenant{})
		hub.run()
		xenon.run()
		elapse(3 * time.Second)
		if got, want := xenon.known("hub"), []string{"x-router"}; !slices.Equal(got, want) {
			t.Errorf("the tenant knows %v, want %v", got, want)
		}
		if got, want := hub.known("xenon/xs"), []string{"x-web"}; !slices.Equal(got, want) {
			t.Errorf("the tenant's site has %v, want %v", got, want)
		}
		hub.fetched("xenon/xs", "x-web", "esx", now(), "for x")
		xenon.fetched("hub", "x-router", "esx-x", now(), "allowed")
		xenon.fetched("hub", "own", "esx-x", now(), "not allowed")
		elapse(time.Second)
		if got := xenon.kept.get("x-web", "esx"); string(got.Data) != "for x" {
			t.Errorf("the tenant has %q", got.Data)
		}
		if got := hub.kept.get("x-router", "esx-x"); string(got.Data) != "allowed" || got.Site != "xenon/xs" {
			t.Errorf("the hub has %q from %q", got.Data, got.Site)
		}
		if got := hub.kept.get("own", "esx-x"); got.Data != nil {
			t.Errorf("a tenant spoke for a host that it has no business with: %q", got.Data)
		}
	})
}

func TestRubbishInAParcelCostsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		for target, source := range map[string]string{"../etc": "esx", "mail": "e\nx", "": "esx"} {
			berlin.fetched("paris", target, source, now(), "bad")
		}
		berlin.fetched("paris", "mail", "later", now().Add(2*time.Hour), "bad")
		_, err := berlin.bus.Post(t.Context(), []bus.Letter{{Subject: bus.Outbound("paris", "mail", "broken"), Data: []byte("broken")}})
		must(t, err)
		berlin.fetched("paris", "mail", "good", now(), "good")
		elapse(time.Second)
		if got, want := paris.kept.order, []string{"mail:good"}; !slices.Equal(got, want) {
			t.Errorf("paris kept %q, want %q", got, want)
		}
		if n := berlin.waiting("paris"); n != 0 {
			t.Errorf("%d letters wait still", n)
		}
	})
}

func TestEverythingArrivesThroughManyCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, c := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		for i := range 3000 {
			if i%100 == 0 {
				c.cut.Store(i%200 == 0)
			}
			berlin.fetched("paris", name(i%1000), "esx", now(), name(i)+strings.Repeat("x", 2000))
			time.Sleep(7 * time.Millisecond)
		}
		c.cut.Store(false)
		elapse(20 * time.Second)
		for i := 2000; i < 3000; i++ {
			if got := paris.kept.get(name(i%1000), "esx"); !strings.HasPrefix(string(got.Data), name(i)+"x") {
				t.Fatalf("paris has %.10q for %s, want %s", got.Data, name(i%1000), name(i))
			}
		}
		if n := berlin.waiting("paris"); n != 0 {
			t.Errorf("%d letters wait still", n)
		}
	})
}

func TestLinksAndOrphansOfAllSitesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, paris, _ := two(t)
		berlin.run()
		paris.run()
		elapse(3 * time.Second)
		for target, s := range map[string]*site{"lost1": berlin, "lost2": paris, "lost3": paris} {
			p := monitor.Payload{Target: target, Source: "esx", At: now()}
			_, err := s.bus.Post(t.Context(), []bus.Letter{{Subject: bus.Orphan(target, "esx"), Data: wire.AppendPayload(nil, &p)}})
			must(t, err)
		}
		ask := func(k wire.SitesAsk) (a wire.SitesAnswer) {
			t.Helper()
			b, err := berlin.bus.Request(t.Context(), bus.AskSites(), wire.Marshal(wire.SitesQuestion{Kind: k}))
			must(t, err)
			must(t, wire.Unmarshal(b, &a))
			return a
		}
		orphans := ask(wire.AskOrphans).Orphans
		if len(orphans) != 2 || !slices.Equal(orphans[0].Names, []string{"lost1"}) || !slices.Equal(orphans[1].Names, []string{"lost2", "lost3"}) || orphans[1].Site != "paris" {
			t.Errorf("orphans %+v", orphans)
		}
		links := ask(wire.AskLinks).Links
		if len(links) != 1 || links[0].Site != "paris" || !links[0].There || links[0].Hosts != 1 {
			t.Errorf("links %+v", links)
		}
	})
}
