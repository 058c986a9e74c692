package icmp_test

import (
	"fmt"
	"math"
	osexec "os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// trips gathers the round trips of checks, in milliseconds.
type trips struct {
	wg sync.WaitGroup

	mu  sync.Mutex
	rta []float64
	bad []string
}

// Done implements modules.Waiter.
func (r *trips) Done(o monitor.Outcome, err error) {
	defer r.wg.Done()
	var rta float64
	_, scan := fmt.Sscanf(o.Perfdata, "rta=%fms;", &rta)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || scan != nil || o.State != monitor.OK {
		r.bad = append(r.bad, fmt.Sprintf("%s, %v", o.Output, err))
		return
	}
	r.rta = append(r.rta, rta)
}

// median gives the median of the round trips since it was last asked.
func (r *trips) median() float64 {
	r.mu.Lock()
	all := r.rta
	r.rta = nil
	r.mu.Unlock()
	return median(all)
}

// flood starts perSecond checks a second until stop is closed, and returns when all have ended.
func (r *trips) flood(perSecond int, probes []modules.Starter, stop <-chan struct{}) {
	defer r.wg.Wait()
	began := time.Now()
	for n := 0; ; {
		for due := int(time.Since(began).Seconds() * float64(perSecond)); n < due; n++ {
			r.wg.Add(1)
			probes[n%len(probes)].Start(time.Now().Add(time.Minute), r)
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// The targets are 8 ms away: on loopback a round trip is what the scheduler makes of it. pro-bing looks at the clock when it
// gets a reply, so its round trips may be longer.
func TestRoundTripsAgreeWithPingAtTenThousandASecond(t *testing.T) {
	ping := realpeer.Program(t, "ping", "iputils-ping")
	inside := network(t, "sysctl -q net.ipv4.ping_group_range=0\t0")
	lagging(t, inside, 8*time.Millisecond)
	m := module(t)
	ours(t, m, "check_icmp -n 1 127.0.0.1") // opens the socket in the test's network namespace
	var probes []modules.Starter
	for i := range 10_000 {
		probes = append(probes, starter(t, m, "check_icmp", "-n", "1", "-w", "30s,100%", "-c", "30s,100%", fmt.Sprintf("10.55.%d.%d", 1+i/250, 1+i%250)))
	}
	for try := range 5 {
		var r trips
		stop, flooded := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(flooded)
			r.flood(10_000, probes, stop)
		}()
		theirs, besidePing := pingMedian(t, append(inside[:len(inside):len(inside)], ping), "10.55.0.1"), r.median()
		library, besideLibrary := proBingMedian(t, "10.55.0.2"), r.median()
		close(stop)
		<-flooded
		said := fmt.Sprintf("medians in the same second: %.3f ms, ping %.3f ms; %.3f ms, pro-bing %.3f ms; %d checks failed",
			besidePing, theirs, besideLibrary, library, len(r.bad))
		if agree(besidePing, theirs) && besideLibrary <= 1.1*library && len(r.bad) == 0 {
			t.Log(said)
			return
		}
		t.Logf("try %d: %s %.50q", try, said, r.bad[:min(3, len(r.bad))])
	}
	t.Error("by more than 10 % from ping's or above pro-bing's, or checks failed, each time")
}

func agree(a, b float64) bool { return math.Abs(a-b) <= 0.1*b }

func median(all []float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return all[len(all)/2]
}

var pingTime = regexp.MustCompile(`time=([0-9.]+) ms`)

func pingMedian(t *testing.T, ping []string, host string) float64 {
	t.Helper()
	argv := append(ping, "-n", "-c", "100", "-i", "0.01", host)
	out, err := osexec.Command(argv[0], argv[1:]...).Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	var all []float64
	for _, m := range pingTime.FindAllSubmatch(out, -1) {
		ms, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ms)
	}
	return median(all)
}

func proBingMedian(t *testing.T, host string) float64 {
	t.Helper()
	p := probing.New(host)
	p.Count, p.Interval, p.Timeout = 100, 10*time.Millisecond, 20*time.Second
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	var all []float64
	for _, rtt := range p.Statistics().Rtts {
		all = append(all, rtt.Seconds()*1000)
	}
	return median(all)
}
