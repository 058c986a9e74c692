package main_test

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// cutFor is how long the link between sites is cut: make outage asks for ten minutes.
var cutFor = flag.Duration("cut", 8*time.Second, "how long TestSites cuts a link")

const (
	// mendedWithin is within what time of the link's return the newest payload is used.
	mendedWithin = 5 * time.Second
	// beat is the interval of the source.
	beat = time.Second
)

// siteConfig is a site with an agent whose output holds a block for each target, with the time, and with hosts of its own that
// are looked at when payloads come.
func siteConfig(t *testing.T, source string, targets []string, hosts ...string) string {
	t.Helper()
	c := newConfig(t)
	agent := "echo '<<<check_mk>>>'; echo 'Version: 1'; echo 'AgentOS: linux'\nsent=$(date +%s%N)\n"
	for _, target := range targets {
		agent += fmt.Sprintf("echo '<<<<%s>>>>'; echo '<<<local>>>'; echo \"0 Clock - sent $sent\"; echo '<<<<>>>>'\n", target)
	}
	c.Command("agent", "onbu-agent -H $HOSTADDRESS$ --cache 0 --program "+c.script("agent", agent))
	c.Command("clock", "onbu-agent -H $HOSTADDRESS$ --piggyback-only -s local -i Clock")
	c.host(source)
	c.service(source, "Agent", "agent", fmt.Sprint("check_interval ", beat.Seconds()))
	for _, host := range hosts {
		c.host(host)
		c.service(host, "Clock", "clock", "check_interval 100000")
	}
	return c.write()
}

// clock is a service that shows when its payload was sent.
type clock struct {
	site *onbu
	name string
}

var sentAt = regexp.MustCompile(`sent (\d{19})`)

// shown gives when the payload was sent that the service shows.
func (c clock) shown() (sent time.Time, err error) {
	all, err := c.site.objects()
	if err != nil {
		return sent, err
	}
	m := sentAt.FindStringSubmatch(all[c.name].Output)
	if m == nil {
		return sent, fmt.Errorf("%s shows %+v", c.name, all[c.name])
	}
	ns, err := strconv.ParseInt(m[1], 10, 64)
	return time.Unix(0, ns), err
}

// after waits until the clock shows a payload that was sent after a moment, and gives when that was seen.
func (c clock) after(moment time.Time, limit time.Duration) time.Time {
	c.site.t.Helper()
	within(c.site.t, limit, c.name+" shows what was sent after "+moment.Format(time.StampMilli), func() error {
		sent, err := c.shown()
		if err == nil && !sent.After(moment) {
			err = fmt.Errorf("it shows what was sent at %s", sent.Format(time.StampMilli))
		}
		return err
	})
	return time.Now()
}

// watch looks at the clock for some time: it never goes back. It gives the times from when payloads were sent until
// somebody who looks every 50 ms saw the state, sorted.
func (c clock) watch(d time.Duration) (took []time.Duration) {
	c.site.t.Helper()
	var last time.Time
	for end := time.Now().Add(d); time.Now().Before(end); pause(50 * time.Millisecond) {
		sent, err := c.shown()
		switch {
		case err != nil:
			c.site.t.Error(err)
			return took
		case sent.Before(last):
			c.site.t.Errorf("%s shows what was sent at %s after what was sent at %s", c.name, sent.Format(time.StampMilli), last.Format(time.StampMilli))
		case sent.After(last):
			took = append(took, time.Since(sent))
		}
		last = sent
	}
	slices.Sort(took)
	return took
}

// all does something for all clocks at once.
func all(clocks []clock, do func(clock)) {
	var wg sync.WaitGroup
	for _, c := range clocks {
		wg.Go(func() { do(c) })
	}
	wg.Wait()
}

// Three sites in a row, joined by TLS over two cables: oslo dials berlin, and paris dials berlin. What is fetched in oslo is a
// state in berlin and paris, and what is fetched in paris one in oslo, within a second. When a cable was cut the newest is used
// at once after its return, and nothing older after it.
func TestSites(t *testing.T) {
	t.Parallel()
	oslo, berlin, paris := newLand(t, 1), newLand(t, 2), newLand(t, 3)
	cable(1, berlin, oslo)
	cable(2, berlin, paris)
	berlin.inside("addr", "add", "10.99.9.9/32", "dev", "lo")
	oslo.inside("route", "add", "10.99.9.9/32", "via", "10.99.1.1")
	paris.inside("route", "add", "10.99.9.9/32", "via", "10.99.2.1")
	dir := authority(t, "10.99.9.9")

	b := berlin.serve(siteConfig(t, "esx-berlin", nil, "vm-berlin"), "--site", "berlin", "--links", links(t, dir, "berlin.links",
		"listen 10.99.9.9:7422 cert=hub.pem key=hub.key\nlet oslo password=one\nlet paris password=two\n"))
	o := oslo.serve(siteConfig(t, "esx-oslo", []string{"vm-berlin", "vm-paris"}, "vm-oslo"), "--site", "oslo", "--links", links(t, dir, "oslo.links",
		"dial tls://10.99.9.9:7422 user=oslo password=one ca=ca.pem\n"))
	p := paris.serve(siteConfig(t, "esx-paris", []string{"vm-oslo"}, "vm-paris"), "--site", "paris", "--links", links(t, dir, "paris.links",
		"dial tls://10.99.9.9:7422 user=paris password=two ca=ca.pem\n"))

	clocks := []clock{{b, "vm-berlin/Clock"}, {p, "vm-paris/Clock"}, {o, "vm-oslo/Clock"}}
	began := time.Now()
	for _, c := range clocks {
		c.after(began, patience)
	}
	all(clocks, func(c clock) {
		took := c.watch(8 * beat)
		if len(took) == 0 {
			t.Errorf("%s shows nothing new", c.name)
			return
		}
		t.Logf("%s: %d payloads, from their fetch to the state %s in the middle, %s at most", c.name, len(took), took[len(took)/2], took[len(took)-1])
		if took[len(took)/2] > time.Second {
			t.Errorf("%s: payloads take %s to become a state, want less than a second", c.name, took[len(took)/2])
		}
	})
	oslo.cut(1)
	stopped := time.Now()
	pause(*cutFor)
	for _, c := range clocks {
		if sent, err := c.shown(); err == nil && sent.After(stopped.Add(time.Second)) {
			t.Errorf("%s shows what was sent while the cable was cut", c.name)
		}
	}
	oslo.mend(1)
	oslo.inside("route", "replace", "10.99.9.9/32", "via", "10.99.1.1")
	mended := time.Now()
	for _, c := range clocks {
		seen := c.after(mended.Add(-2*beat), patience)
		t.Logf("%s: shows what was sent at the end of an outage of %s after %s", c.name, *cutFor, seen.Sub(mended))
		if seen.Sub(mended) > mendedWithin {
			t.Errorf("%s: after an outage the newest is used after %s, want %s", c.name, seen.Sub(mended), mendedWithin)
		}
	}
	all(clocks, func(c clock) { c.watch(5 * beat) })
}
