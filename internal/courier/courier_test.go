package courier_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/courier"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// world is a bus with a courier at work.
type world struct {
	t       *testing.T
	bus     bus.Conn
	courier *courier.Courier
	number  uint64

	mu       sync.Mutex
	arrivals []monitor.Arrival
	deaf     bool // nobody takes word of arrivals
}

// in runs a test in a bubble: time stands still but while everybody sleeps.
func in(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, bus: membus.New().Connect("test")}
		defer w.bus.Close()
		w.must(w.bus.Prepare(t.Context()))
		var stops []func()
		for shard := range uint16(2) {
			stop, err := w.bus.Subscribe(bus.Arrived(shard), w.arrived)
			w.must(err)
			stops = append(stops, stop)
		}
		w.courier = courier.New(courier.Options{Bus: w.bus, Metrics: metrics.NewSet()})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.courier.Run(ctx) }()
		test(w)
		cancel()
		w.must(<-ended)
		for _, stop := range stops {
			stop()
		}
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) arrived(m bus.Msg) {
	var d wire.Decoder
	all, err := wire.DecodeBatch(&d, m.Data, []monitor.Arrival(nil))
	if err != nil {
		w.t.Error(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return
	}
	w.arrivals = append(w.arrivals, all...)
	w.must(m.Reply(nil))
}

// told gives the hosts whose owners were told since the last call.
func (w *world) told() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	var hosts []string
	for _, a := range w.arrivals {
		hosts = append(hosts, a.Host)
	}
	w.arrivals = nil
	slices.Sort(hosts)
	return hosts
}

// configure puts a generation in force: hosts go to shards 0 and 1 in turn.
func (w *world) configure(p monitor.Piggyback, hosts ...string) {
	w.t.Helper()
	ctx := w.t.Context()
	w.number++
	d := monitor.Directory{Generation: w.number, Shards: 2, Hosts: map[string]monitor.Shard{}}
	for i, host := range hosts {
		d.Hosts[host] = monitor.Shard(i % 2)
	}
	w.must(w.bus.PutBlob(ctx, bus.CFG, wire.DirectoryName(w.number), wire.Marshal(d)))
	w.must(w.bus.PutBlob(ctx, bus.CFG, wire.PiggybackName(w.number), wire.Marshal(p)))
	w.put("current", wire.Marshal(wire.Generation{Number: w.number, Shards: 2}))
}

func (w *world) put(key string, value []byte) {
	w.t.Helper()
	e, _ := w.bus.Get(w.t.Context(), bus.CFG, key)
	_, err := w.bus.Put(w.t.Context(), bus.CFG, key, value, e.Revision)
	w.must(err)
	time.Sleep(10 * time.Second)
}

// site has another site say which hosts it has.
func (w *world) site(name string, hash uint64, hosts ...string) {
	w.t.Helper()
	w.must(w.bus.PutBlob(w.t.Context(), bus.CFG, wire.SiteHostsName(name), wire.Marshal(wire.SiteHosts{Hash: hash, Hosts: hosts})))
	w.put(bus.SiteKey(name), wire.Marshal(wire.Site{Name: name, Hash: hash, Hosts: uint32(len(hosts))}))
}

func ago(d time.Duration) monitor.Time { return monitor.At(time.Now().Add(-d)) }

// deliver delivers blocks given as name, data, name, data.
func (w *world) deliver(source string, at monitor.Time, blocks ...string) modules.Delivered {
	w.t.Helper()
	d := modules.Delivery{Source: source, At: at}
	for i := 0; i+1 < len(blocks); i += 2 {
		d.Blocks = append(d.Blocks, modules.Block{Name: []byte(blocks[i]), Data: []byte(blocks[i+1])})
	}
	out, err := w.courier.Deliver(w.t.Context(), d)
	w.must(err)
	return out
}

// read gives the payloads for a host, each as "source data: text".
func (w *world) read(host, address string) []string {
	w.t.Helper()
	out, err := w.courier.Payloads(w.t.Context(), host, address, 0)
	w.must(err)
	var got []string
	for _, p := range out.Payloads {
		got = append(got, fmt.Sprintf("%s %s: %s", p.Source, p.Data, p.Text))
	}
	return got
}

func (w *world) want(got, want []string) {
	w.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Error(diff)
	}
}

func (w *world) stored(stream bus.Stream) []string {
	w.t.Helper()
	var got []string
	w.must(w.bus.Newest(w.t.Context(), stream, "", func(msgs []bus.Msg) error {
		for _, m := range msgs {
			got = append(got, string(m.Subject))
		}
		return nil
	}))
	slices.Sort(got)
	return got
}

const fine = "Successfully processed from source "

func TestPayloadsReachTheirHosts(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "esx1", "vm1", "vm2")
		out := w.deliver("esx1", ago(0), "vm1", "a", "vm2", "b", "nobody", "c", "esx1", "own", "vm1", "d")
		if out.Kept != 2 || out.Orphans != 1 || len(out.Own) != 1 || string(out.Own[0]) != "own" {
			t.Errorf("got %+v", out)
		}
		w.want(w.told(), []string{"vm1", "vm2"})
		w.want(w.read("vm1", ""), []string{"esx1 a\nd: " + fine + "'esx1'"})
		w.want(w.read("vm2", ""), []string{"esx1 b: " + fine + "'esx1'"})
		w.want(w.read("nobody", ""), nil)
		w.want(w.stored(bus.PBX), []string{string(bus.Orphan("nobody", "esx1"))})
		w.deliver("esx2", ago(0), "vm1", "e")
		w.want(w.read("vm1", ""), []string{"esx1 a\nd: " + fine + "'esx1'", "esx2 e: " + fine + "'esx2'"})
	})
}

func TestPayloadsForAnAddressReachItsHost(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1", "vm2")
		w.want(w.read("vm1", "10.0.0.1"), nil)
		w.deliver("esx1", ago(0), "10.0.0.1", "a", "vm2", "b")
		w.want(w.told(), []string{"vm1", "vm2"})
		w.want(w.read("vm1", "10.0.0.1"), []string{"esx1 a: " + fine + "'esx1'"})
		w.want(w.read("vm1", "vm2"), nil) // that is another host's name
	})
}

func TestNoAgeRunsBackwards(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1", "vm2")
		w.deliver("esx1", ago(time.Minute), "vm1", "new", "vm3", "new")
		w.deliver("esx1", ago(2*time.Minute), "vm1", "old", "vm2", "old", "vm3", "old")
		w.deliver("esx1", ago(2*time.Minute))
		w.want(w.read("vm1", ""), []string{"esx1 new: " + fine + "'esx1'"})
		w.want(w.read("vm2", ""), nil)
		w.configure(monitor.Piggyback{}, "vm1", "vm2", "vm3")
		w.want(w.read("vm3", ""), []string{"esx1 new: " + fine + "'esx1'"})
	})
}

func TestPayloadsFollowTheirHosts(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		w.deliver("esx1", ago(0), "vm1", "a", "vm2", "b", strings.Repeat("long", 30), "c", "vm3", "d")
		w.deliver("esx2", ago(0), "vm2", "e")
		w.told()
		w.configure(monitor.Piggyback{}, "vm1", "vm2", strings.Repeat("long", 30))
		w.want(w.told(), []string{strings.Repeat("long", 30), "vm2", "vm2"})
		w.want(w.read("vm2", ""), []string{"esx1 b: " + fine + "'esx1'", "esx2 e: " + fine + "'esx2'"})
		w.want(w.read(strings.Repeat("long", 30), ""), []string{"esx1 c: " + fine + "'esx1'"})
		w.want(w.stored(bus.PBX), []string{string(bus.Orphan("vm3", "esx1"))})

		w.site("north", 1, "vm2", "vm3") // vm2 stays: it is here
		w.want(w.stored(bus.PBX), nil)
		w.want(w.stored(bus.PBO), []string{string(bus.OutboundSource("north", "esx1", "")), string(bus.Outbound("north", "vm3", "esx1"))})
		w.configure(monitor.Piggyback{}, "vm1", "vm3")
		w.want(w.told(), []string{"vm3"})
		w.want(w.read("vm3", ""), []string{"esx1 d: " + fine + "'esx1'"})
		w.want(w.read("vm2", ""), nil)
		w.want(w.stored(bus.PBO), []string{
			string(bus.OutboundSource("north", "esx1", "")), string(bus.OutboundSource("north", "esx2", "")),
			string(bus.Outbound("north", "vm2", "esx1")), string(bus.Outbound("north", "vm2", "esx2")),
		})

		w.configure(monitor.Piggyback{})
		w.want(w.stored(bus.PB), []string{string(bus.SourceOf("esx1", "")), string(bus.SourceOf("esx2", ""))})
	})
}

func TestAMoveNeverPutsAnOlderPayloadInTheWay(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		old := monitor.Payload{Target: "vm2", Source: "esx1", At: ago(time.Hour), Data: []byte("old")}
		w.post(bus.Orphan("vm2", "esx1"), &old)
		w.post(bus.PayloadFor("vm2", "esx1"), &monitor.Payload{Target: "vm2", Source: "esx1", At: ago(0), Data: []byte("new")})
		w.configure(monitor.Piggyback{}, "vm1", "vm2")
		if got := w.read("vm2", ""); len(got) != 1 || !strings.HasPrefix(got[0], "esx1 new") {
			t.Errorf("got %q", got)
		}
		w.want(w.stored(bus.PBX), nil)
	})
}

func TestPayloadsOfOtherSitesAreKeptAsTheyWere(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{Translations: []monitor.PiggybackTranslation{{Refuse: []monitor.Pattern{{Text: "vm4"}}}}}, "vm1", "vm2", "vm4")
		w.site("south", 1, "vm3")
		w.deliver("esx1", ago(0), "vm2", "here") // another host of that name
		w.told()
		keep := func(want courier.Kept, at monitor.Time, data string, targets ...string) {
			t.Helper()
			var all []monitor.Payload
			for _, target := range targets {
				all = append(all, monitor.Payload{Target: target, Source: "esx1", Site: "north", At: at, Data: []byte(data)})
			}
			kept, err := w.courier.Keep(w.t.Context(), all, []monitor.Source{{Name: "esx1", Site: "north", At: at, Targets: uint32(len(all))}})
			w.must(err)
			if kept != want {
				t.Errorf("%s: got %+v, want %+v", data, kept, want)
			}
		}
		keep(courier.Kept{Stored: 2, Orphans: 1, Refused: 1}, ago(2*time.Minute), "older", "vm1", "vm2", "vm3", "vm4")
		w.want(w.told(), []string{"vm1", "vm2"})
		w.want(w.read("vm2", ""), []string{"esx1 here: " + fine + "'esx1'", "esx1 older: " + fine + "'esx1'"})
		w.want(w.read("vm1", ""), []string{"esx1 older: " + fine + "'esx1'"})
		keep(courier.Kept{Older: 1}, ago(3*time.Minute), "oldest", "vm1")
		keep(courier.Kept{Stored: 2}, ago(0), "newer", "vm1", "vm2")
		w.want(w.told(), []string{"vm1", "vm2"})
		keep(courier.Kept{Older: 2}, ago(0), "again", "vm1", "vm2")
		keep(courier.Kept{Stale: 1}, ago(26*time.Hour), "stale", "vm1")
		time.Sleep(3 * time.Second)
		out, err := w.courier.Payloads(w.t.Context(), "vm2", "", 0)
		if w.must(err); len(out.Payloads) != 2 || out.Payloads[1].Site != "north" || out.Payloads[1].Text != fine+"'esx1'" {
			t.Errorf("got %+v", out)
		}
	})
}

func (w *world) post(subject bus.Subject, p *monitor.Payload) {
	w.t.Helper()
	_, err := w.bus.Post(w.t.Context(), []bus.Letter{{Subject: subject, Data: wire.AppendPayload(nil, p)}})
	w.must(err)
}

func TestASourceThatLeavesAHostOutOrFallsSilentIsSeen(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1", "vm2")
		const late = "Piggyback data not updated by source 'esx1'"
		w.deliver("esx1", ago(time.Minute), "vm1", "a", "vm2", "b")
		w.deliver("esx1", ago(30*time.Second), "vm1", "c")
		w.want(w.read("vm1", ""), []string{"esx1 c: " + fine + "'esx1'"})
		w.want(w.read("vm2", ""), []string{"esx1 b: " + late})
		w.deliver("esx1", ago(0))
		time.Sleep(3 * time.Second)
		w.want(w.read("vm1", ""), []string{"esx1 c: " + late})
		w.deliver("esx1", ago(0), "vm1", "d")
		w.want(w.read("vm1", ""), []string{"esx1 d: " + fine + "'esx1'"})
	})
}

func TestRulesAndPoliciesHold(t *testing.T) {
	in(t, func(w *world) {
		age, never := 10*time.Minute, monitor.UseNever
		w.configure(monitor.Piggyback{
			Translations: []monitor.PiggybackTranslation{{Case: monitor.CaseLower, Refuse: []monitor.Pattern{{Text: "db1"}}}},
			Policies: []monitor.PiggybackPolicy{
				{Hosts: []monitor.Pattern{{Text: "vm2"}}, Use: never}, {MaxAge: &age},
			},
		}, "vm1", "vm2", "db1")
		out := w.deliver("esx1", ago(0), "VM1", "a", "VM2", "b", "db1", "c", "..", "d")
		if out.Kept != 2 || out.Refused != 1 || out.Ignored != 1 {
			t.Errorf("got %+v", out)
		}
		w.want(w.read("vm1", ""), []string{"esx1 a: " + fine + "'esx1'"})
		if got, err := w.courier.Payloads(w.t.Context(), "vm2", "", 0); err != nil || got.Use != never || got.Payloads != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		time.Sleep(11 * time.Minute)
		w.want(w.read("vm1", ""), []string{"esx1 a: Piggyback data outdated (age: 0:11:00, allowed: 0:10:00)"})
		time.Sleep(26 * time.Hour)
		w.want(w.read("vm1", ""), nil)
	})
}

func TestPayloadsForHostsOfOtherSitesWaitForTheWay(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{Sites: []monitor.PiggybackSite{{Hosts: []monitor.Pattern{{Text: "new", Regex: true}}, Site: "west"}}}, "vm1")
		w.site("north", 1, "vm2", "vm3")
		out := w.deliver("esx1", ago(0), "vm1", "a", "vm2", "b", "new7", "c")
		if out.Kept != 3 {
			t.Errorf("got %+v", out)
		}
		w.want(w.stored(bus.PBO), []string{
			string(bus.OutboundSource("north", "esx1", "")), string(bus.Outbound("north", "vm2", "esx1")),
			string(bus.OutboundSource("west", "esx1", "")), string(bus.Outbound("west", "new7", "esx1")),
		})
	})
}

func TestWordOfPayloadsIsRepeatedUntilTheOwnerHasIt(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "esx1", "vm1")
		w.hear(false)
		w.deliver("esx1", ago(0), "vm1", "<<<a>>>\n1\n")
		time.Sleep(20 * time.Second) // the shard changes hands
		w.hear(true)
		time.Sleep(5 * time.Second)
		if got, want := w.told(), []string{"vm1"}; !slices.Equal(got, want) {
			t.Errorf("told of %v, want %v", got, want)
		}
		time.Sleep(time.Minute)
		if got := w.told(); len(got) > 0 {
			t.Errorf("told again of %v", got)
		}
	})
}

func TestWordThatNobodyTakesIsGivenUp(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "esx1", "vm1")
		w.hear(false)
		w.deliver("esx1", ago(0), "vm1", "<<<a>>>\n1\n")
		time.Sleep(2 * time.Minute)
		w.hear(true)
		time.Sleep(time.Minute)
		if got := w.told(); len(got) > 0 {
			t.Errorf("told of %v after two minutes", got)
		}
	})
}

// hear says whether the owners take word of arrivals.
func (w *world) hear(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = !yes
}
