package core_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// outage is a network with a truth of its own: hosts that are dead for a while, and checks that find out. A check fails
// if anything between the poller and its target was dead at any moment while it ran; it is answered late and out of
// order.
type outage struct {
	t    testing.TB
	r    *rand.Rand
	inv  *monitor.Inventory
	core *core.Core
	now  monitor.Time
	d    core.Decisions
	// dead says when a host was dead.
	dead map[monitor.ID][2]monitor.Time
	// quick is how long a good answer takes at most, slow how long a failure, late how long results lie about.
	quick, slow, late time.Duration
	// pollers make the checks in turn, and blind says when one of them has no network.
	pollers []string
	blind   map[string][2]monitor.Time
	turn    int
	logged  []string
	// fails says what fails for reasons of its own; hostsSlow is slow for hosts, if it is set.
	fails     func(monitor.ID) bool
	hostsSlow time.Duration
	answers   answers
	told      []string
}

// answers is a heap of results by the moment of their arrival.
type answers []*arrival

type arrival struct {
	at     monitor.Time
	result monitor.Result
}

func (a answers) Len() int           { return len(a) }
func (a answers) Less(i, j int) bool { return a[i].at < a[j].at }
func (a answers) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *answers) Push(x any)        { *a = append(*a, x.(*arrival)) }

func (a *answers) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// tree defines a network of five levels: one root, and each other host behind one of the level above; and services on
// some of the hosts.
func tree(t testing.TB, r *rand.Rand, hosts int, attempts string, more ...string) *monitor.Inventory {
	w := newWorld()
	w.define(t, "contact ada options=d,u,r,w,c")
	for _, line := range more {
		w.define(t, line)
	}
	settings := " contacts=ada interval=2m retry=10s options=d,u,r,w,c attempts=" + attempts
	sizes := []int{1, hosts / 100, hosts / 20, hosts / 4}
	sizes = append(sizes, hosts-1-hosts/100-hosts/20-hosts/4)
	above, n := []int(nil), 0
	for level, size := range sizes {
		var here []int
		for range size {
			line := fmt.Sprintf("host h%d", n)
			if level > 0 {
				line += fmt.Sprintf(" parents=h%d", above[r.IntN(len(above))])
			}
			line += fmt.Sprintf(" address=10.0.%d.%d", n/250, n%250+1)
			w.define(t, line+settings)
			if n%10 == 3 {
				w.define(t, fmt.Sprintf("service h%d/http", n)+settings)
			}
			here = append(here, n)
			n++
		}
		above = here
	}
	return w.inventory()
}

// defined gives the inventory that lines define.
func defined(t testing.TB, lines ...string) *monitor.Inventory {
	w := newWorld()
	for _, line := range lines {
		if !w.define(t, line) {
			t.Fatalf("not understood: %s", line)
		}
	}
	return w.inventory()
}

// calmBefore gives a snapshot in which everything has been well for a while and is spread over its interval.
func calmBefore(t testing.TB, inv *monitor.Inventory) core.Snapshot {
	s := started(t, inv).Snapshot()
	for i := range s.Statuses {
		st := &s.Statuses[i]
		st.State, st.LastState, st.LastHardState, st.OwnState = 0, 0, 0, 0
		back := time.Duration(i%120) * time.Second
		st.LastCheck, st.LastUpdate, st.NextCheck = t0.Add(-back), t0.Add(-back), t0.Add(2*time.Minute-back)
		st.LastChange, st.LastHardChange = t0.Add(-time.Hour), t0.Add(-time.Hour)
	}
	return s
}

func newOutage(t testing.TB, seed uint64, inv *monitor.Inventory, from core.Snapshot) *outage {
	o := &outage{
		t: t, r: rand.New(rand.NewPCG(seed, 9)), inv: inv, now: t0, dead: map[monitor.ID][2]monitor.Time{},
		pollers: []string{"p1"}, blind: map[string][2]monitor.Time{}, quick: 2 * time.Second, slow: 10 * time.Second, late: 3 * time.Second,
	}
	o.core = started(t, inv)
	o.core.Restore(from)
	o.core.Begin(t0)
	o.core.Tick(t0, &o.d)
	return o
}

// cut says whether a host could not be reached at some moment from a to b.
func (o *outage) cut(host monitor.ID, a, b monitor.Time) bool {
	if d, ok := o.dead[host]; ok && a < d[1] && b >= d[0] {
		return true
	}
	parents := o.inv.Hosts[host].Parents
	for _, p := range parents {
		if !o.cut(p, a, b) {
			return false
		}
	}
	return len(parents) > 0
}

func (o *outage) random(most time.Duration) time.Duration {
	return time.Duration(o.r.Int64N(int64(most) + 1))
}

// poller gives the next in turn that is not to be avoided.
func (o *outage) poller(j *monitor.Job) string {
	for range o.pollers {
		if o.turn++; o.pollers[o.turn%len(o.pollers)] != j.Avoid {
			break
		}
	}
	return o.pollers[o.turn%len(o.pollers)]
}

// run makes one check of an object of the whole network; the job may have another number for it.
func (o *outage) run(j *monitor.Job, object monitor.ID) {
	poller := o.poller(j)
	start := o.now.Add(o.random(o.late / 3))
	end := start.Add(o.random(o.quick))
	result := monitor.Result{
		Shard: j.Shard, Epoch: j.Epoch, Object: j.Object, Seq: j.Seq, Poller: poller, Module: "test",
		Started: start, Finished: end, Outcome: monitor.Outcome{Output: "fine"},
	}
	if b, ok := o.blind[poller]; o.cut(o.inv.HostOf(object), start, end) || ok && start < b[1] && end >= b[0] {
		slow := o.slow
		if o.hostsSlow > 0 && o.inv.IsHost(object) {
			slow = o.hostsSlow
		}
		result.Finished = start.Add(slow/2 + o.random(slow/2))
		result.Outcome = monitor.Outcome{State: monitor.Critical, Output: "lost"}
	} else if o.fails != nil && o.fails(object) {
		result.Outcome = monitor.Outcome{State: monitor.Critical, Output: "no"}
	}
	heap.Push(&o.answers, &arrival{result.Finished.Add(o.random(o.late)), result})
}

// pass lets time pass until end.
func (o *outage) pass(end monitor.Time) {
	o.core.Tick(o.now, &o.d) // says when it wants to be called next
	for {
		wake := o.decided()
		next := end
		if wake != 0 && wake < next {
			next = wake
		}
		if len(o.answers) > 0 && o.answers[0].at < next {
			next = o.answers[0].at
		}
		o.now = max(o.now, next)
		for len(o.answers) > 0 && o.answers[0].at <= o.now {
			a := heap.Pop(&o.answers).(*arrival)
			o.core.Observe(o.now, []monitor.Result{a.result}, &o.d)
		}
		o.core.Tick(o.now, &o.d)
		if o.now >= end {
			o.decided()
			return
		}
	}
}

// decided carries out what the core wants done, and says when it wants to be called again.
func (o *outage) decided() monitor.Time {
	for i := range o.d.Jobs {
		o.run(&o.d.Jobs[i], o.d.Jobs[i].Object)
	}
	o.note(o.d.Broks)
	wake := o.d.Wake
	o.d.Reset()
	return wake
}

// note takes down who was told, and what was logged.
func (o *outage) note(broks []monitor.Brok) {
	for i := range broks {
		if b := &broks[i]; b.Action != nil {
			o.told = append(o.told, fmt.Sprintf("%s of %s", b.NotificationType, b.Action.Ref))
		} else if b.Kind == monitor.BrokLog {
			o.logged = append(o.logged, b.Text)
		}
	}
}

// troubled gives the objects that are not UP or OK.
func (o *outage) troubled() (names []string) {
	for id := range monitor.ID(o.inv.Objects()) {
		if s := o.core.Status(id); s.State != 0 || s.Overlaid {
			names = append(names, fmt.Sprintf("%s %s %s", s.Ref, s.StateName(), s.Type))
		}
	}
	return names
}

// A tree of 1,000 hosts whose root dies for two minutes: one problem and one recovery, both of the root, in whatever
// order the results come; checks that began before the death or came in after the recovery included.
func TestOneProblemAndOneRecoveryWhateverTheOrder(t *testing.T) {
	for _, attempts := range []string{"1", "3"} {
		t.Run("attempts "+attempts, func(t *testing.T) {
			t.Parallel()
			inv := tree(t, rand.New(rand.NewPCG(1, 1)), 1000, attempts)
			inv.Options.ParentWait = time.Minute
			inv.Options.ImpactStates = true
			calm := calmBefore(t, inv)
			for seed := range uint64(orders(t) / 2) {
				o := newOutage(t, seed, inv, calm)
				o.pollers = []string{"p1", "p2"}[:1+seed%2]
				death := t0.Add(o.random(20 * time.Second))
				o.dead[0] = [2]monitor.Time{death, death.Add(80*time.Second + o.random(30*time.Second))}
				o.pass(death.Add(150 * time.Second))
				if len(o.told) != 2 || o.told[0] != "PROBLEM of h0" || o.told[1] != "RECOVERY of h0" {
					t.Fatalf("order %d: told %v, want a problem and a recovery of h0", seed, o.told)
				}
				if left := o.troubled(); len(left) > 0 {
					t.Fatalf("order %d: at the end %v", seed, left)
				}
			}
		})
	}
}

// orders is in how many random orders results come in. The race detector, which makes everything many times slower, sees
// a few of them: "make slow" runs more, and all of those of one shard.
func orders(testing.TB) int {
	switch {
	case raceDetector:
		return 10
	case testing.Short():
		return 30
	}
	return 1000
}

// What users of Icinga 2 report (#8201, #5208, #4428, #4689, #1703): a child is HARD before its parent was checked, and
// all that was held back is told when the parent returns. Here the host behind the dead one is checked every second, its
// parent once in five minutes; and a service that depends on another one likewise.
func TestDependenciesPreventAlarmsAndMakeNone(t *testing.T) {
	for seed := range uint64(100) {
		inv := defined(t, "option parent_wait=1m", "contact ada options=d,u,r,w,c",
			"host gw address=10.0.0.1 interval=5m attempts=1 contacts=ada",
			"host web address=10.0.0.2 parents=gw interval=1s attempts=1 contacts=ada",
			"service web/http interval=1s attempts=1 contacts=ada",
			"service gw/agent interval=5m attempts=1 contacts=ada",
			"host db address=10.0.0.3 interval=5m contacts=ada",
			"service db/disk interval=1s attempts=1 contacts=ada", "depends db/disk gw/agent notify=c,n",
		)
		o := newOutage(t, seed, inv, calmBefore(t, inv))
		o.slow = 4 * time.Second
		death := t0.Add(10*time.Second + o.random(time.Minute))
		o.dead[0] = [2]monitor.Time{death, death.Add(time.Minute)}
		o.fails = func(id monitor.ID) bool {
			return inv.Ref(id).String() == "db/disk" && o.now >= death && o.now < o.dead[0][1]
		}
		o.pass(death.Add(7 * time.Minute)) // with a regular check of gw, which is what finds it well if nobody noticed the outage in between
		if len(o.told) != 2 || o.told[0] != "PROBLEM of gw" || o.told[1] != "RECOVERY of gw" {
			t.Fatalf("order %d: told %v, want a problem and a recovery of gw", seed, o.told)
		}
	}
}

// What users of Nagios report (nagioscore #873): services are told of although it was their host, because that is UP
// again when their check ends.
func TestAnOutageThatIsOverWhenACheckEndsIsNotTheServices(t *testing.T) {
	for seed := range uint64(200) {
		inv := defined(t, "option parent_wait=1m", "contact ada options=d,u,r,w,c",
			"host web address=10.0.0.2 interval=5s attempts=1 contacts=ada",
			"service web/slow interval=10s attempts=1 contacts=ada", "service web/http interval=7s attempts=1 contacts=ada")
		o := newOutage(t, seed, inv, calmBefore(t, inv))
		o.slow = 40 * time.Second // the host is up again long before its services' checks have timed out
		o.hostsSlow = 2 * time.Second
		death := t0.Add(10*time.Second + o.random(10*time.Second))
		o.dead[0] = [2]monitor.Time{death, death.Add(8*time.Second + o.random(8*time.Second))}
		o.pass(death.Add(3 * time.Minute))
		if len(o.told) != 2 || o.told[0] != "PROBLEM of web" || o.told[1] != "RECOVERY of web" {
			t.Fatalf("order %d: told %v, want a problem and a recovery of web", seed, o.told)
		}
	}
}

// isolations counts how often p1 was found to be isolated; it came back each time, and nobody else was.
func (o *outage) isolations(seed uint64) int {
	for i, line := range o.logged {
		if want := []string{"POLLER ALERT: p1;ISOLATED;", "POLLER ALERT: p1;BACK;"}[i%2]; !strings.HasPrefix(line, want) {
			o.t.Fatalf("seed %d: logged %v, want that p1 was isolated and came back", seed, o.logged)
		}
	}
	if len(o.logged)%2 != 0 {
		o.t.Fatalf("seed %d: logged %v, want that p1 came back", seed, o.logged)
	}
	return len(o.logged) / 2
}

// What a user of Uptime Kuma reports (#4779): 28,000 messages in one outage, that of the line of the monitor itself.
func TestAPollerWithoutANetworkWakesNobody(t *testing.T) {
	found := 0
	for _, attempts := range []string{"1", "3"} {
		for seed := range uint64(40) {
			inv := tree(t, rand.New(rand.NewPCG(seed, 1)), 300, attempts, "option parent_wait=1m")
			o := newOutage(t, seed, inv, calmBefore(t, inv))
			o.pollers = []string{"p1", "p2", "p3"}
			lost := t0.Add(o.random(30 * time.Second))
			o.blind["p1"] = [2]monitor.Time{lost, lost.Add(3 * time.Minute)}
			o.pass(lost.Add(2 * time.Minute))
			if len(o.told) != 0 {
				t.Fatalf("seed %d: told %v, want nothing: only p1 has lost its network", seed, o.told)
			}
			// What is really dead meanwhile is told, by what the others see.
			leaf := monitor.ID(len(inv.Hosts) - 1)
			o.dead[leaf] = [2]monitor.Time{o.now, o.now.Add(10 * time.Minute)}
			o.pass(o.now.Add(5 * time.Minute))
			if want := "PROBLEM of " + inv.Ref(leaf).String(); len(o.told) != 1 || o.told[0] != want {
				t.Fatalf("seed %d: told %v, want %s", seed, o.told, want)
			}
			found += o.isolations(seed)
		}
	}
	if found < 40 {
		t.Errorf("p1 was found to be isolated in %d of 80 runs, want half of them at least", found)
	}
}
