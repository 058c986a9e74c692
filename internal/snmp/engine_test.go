package snmp

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// reply is an Answer with memory of its own.
type reply struct {
	Answer
	values []string // name=value, or name=#tag, or name=!status
}

// collect is a Receiver that keeps the reply.
type collect struct {
	Request
	reply reply
	group *sync.WaitGroup
}

func (c *collect) Answered(_ *Request, a *Answer) {
	c.reply.Answer = *a
	for _, b := range a.Bindings {
		switch {
		case b.Status != 0:
			c.reply.values = append(c.reply.values, fmt.Sprintf("%v=!%d", b.Name, b.Status))
		case b.Tag != TagOctets:
			c.reply.values = append(c.reply.values, fmt.Sprintf("%v=#%x", b.Name, b.Tag))
		default:
			c.reply.values = append(c.reply.values, fmt.Sprintf("%v=%s", b.Name, b.Value))
		}
	}
	c.reply.Bindings = nil
	c.group.Done()
}

// ask asks all at once and waits for the replies.
func ask(e *Engine, requests ...Request) []*collect {
	var group sync.WaitGroup
	list := make([]*collect, len(requests))
	for i, r := range requests {
		list[i] = &collect{Request: r, group: &group}
		list[i].Then = list[i]
		group.Add(1)
	}
	// As one, however busy the machine is.
	s := e.shards[0]
	s.mu.Lock()
	for _, c := range list {
		e.Ask(&c.Request)
	}
	s.mu.Unlock()
	group.Wait()
	return list
}

func newEngine(t testing.TB) *Engine {
	e := New(Options{})
	e.shards = e.shards[:1]
	t.Cleanup(func() { e.Close() })
	return e
}

func (a *agent) device(version Version) *Device {
	return &Device{Addr: a.addr, Version: version, Community: "public", Timeout: 5 * time.Second, Retries: 1}
}

func oids(t testing.TB, names ...string) []OID {
	t.Helper()
	var list []OID
	for _, name := range names {
		o, err := ParseOID(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

// column gives n objects below a prefix, with values.
func column(prefix string, n int) map[string]string {
	objects := map[string]string{}
	for i := range n {
		objects[fmt.Sprintf("%s.%d", prefix, i+1)] = fmt.Sprint("v", i+1)
	}
	return objects
}

func TestRequestsForADeviceAreOneMessage(t *testing.T) {
	a := startAgent(t, column("1.3.6.1.2", 5))
	e := newEngine(t)
	to := a.device(Version2c)
	got := ask(
		e,
		Request{To: to, OIDs: oids(t, "1.3.6.1.2.1", "1.3.6.1.2.2")},
		Request{To: to, OIDs: oids(t, "1.3.6.1.2.2")},
		Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6.1.2.2", "1.3.6.1.2.9", "1.3.6.1.2.1")},
	)
	for i, want := range []string{
		".1.3.6.1.2.1=v1 .1.3.6.1.2.2=v2", ".1.3.6.1.2.2=v2", ".1.3.6.1.2.2=v2 .1.3.6.1.2.9=#81 .1.3.6.1.2.1=v1",
	} {
		if r := got[i].reply; strings.Join(r.values, " ") != want || r.Err != nil || r.Messages != 1 {
			t.Errorf("request %d: got %+v, want %s in one message", i, r, want)
		}
	}
	if asked := a.messages(); !slices.Equal(asked, []int{3}) {
		t.Errorf("asked messages of %v objects, want one of 3", asked)
	}
}

func TestVersionsKindsAndCommunitiesAreApart(t *testing.T) {
	a := startAgent(t, column("1.3.6.1.2", 5))
	e := newEngine(t)
	other := a.device(Version2c)
	other.Community, other.Timeout, other.Retries = "other", 20*time.Millisecond, 0
	name := oids(t, "1.3.6.1.2.1")
	got := ask(
		e, Request{To: other, OIDs: name}, Request{To: a.device(Version1), OIDs: name}, Request{To: a.device(Version2c), OIDs: name},
		Request{To: a.device(Version2c), Kind: GetNext, OIDs: name}, Request{To: a.device(Version2c), Kind: Walk, OIDs: oids(t, "1.3.6.1.2")},
	)
	if err := got[0].reply.Err; !errors.Is(err, ErrNoAnswer) {
		t.Errorf("a community that the agent does not know: got %v, want ErrNoAnswer", err)
	}
	for i, want := range []string{
		".1.3.6.1.2.1=v1", ".1.3.6.1.2.1=v1", ".1.3.6.1.2.2=v2",
		".1.3.6.1.2.1=v1 .1.3.6.1.2.2=v2 .1.3.6.1.2.3=v3 .1.3.6.1.2.4=v4 .1.3.6.1.2.5=v5",
	} {
		if r := got[i+1].reply; strings.Join(r.values, " ") != want || r.Err != nil {
			t.Errorf("request %d: got %+v, want %s", i+1, r, want)
		}
	}
}

// The device: 24 ports with 15 objects each and 15 more.
func TestSwitchTakesFewMessages(t *testing.T) {
	names, objects := []string{}, map[string]string{}
	for port := range 24 {
		for column := range 15 {
			names = append(names, fmt.Sprintf("1.3.6.1.2.1.2.2.1.%d.%d", column+1, port+1))
		}
	}
	for i := range 15 {
		names = append(names, fmt.Sprintf("1.3.6.1.2.1.1.%d.0", i+1))
	}
	for _, name := range names {
		objects[name] = "4444"
	}
	for octets, want := range map[int]int{1472: 6, 0: 4} {
		a, e := startAgent(t, objects, func(a *agent) { a.most = octets }), newEngine(t)
		var requests []Request
		for i := range 15 {
			requests = append(requests, Request{To: a.device(Version2c), OIDs: oids(t, names[25*i:25*i+25]...)})
		}
		for range 20 { // polls, the first of which may learn
			a.messages()
			for _, c := range ask(e, requests...) {
				if len(c.reply.values) != 25 || c.reply.Err != nil || !strings.HasSuffix(c.reply.values[24], "=4444") {
					t.Fatalf("got %+v", c.reply)
				}
			}
		}
		if asked := a.messages(); len(asked) > want {
			t.Errorf("answers of %d octets: %d messages of %v objects, want at most %d", octets, len(asked), asked, want)
		}
		t.Logf("%d octets: %s", octets, e.About(a.addr))
	}
}

func TestTooBigMakesMessagesSmaller(t *testing.T) {
	const all = 60
	a := startAgent(t, column("1.3.6.1.2", all), func(a *agent) { a.most = 300 })
	e := newEngine(t)
	var names []string
	for i := range all {
		names = append(names, fmt.Sprintf("1.3.6.1.2.%d", i+1))
	}
	for round, most := range []int{20, 8, 8} {
		got := ask(e, Request{To: a.device(Version2c), OIDs: oids(t, names...)})[0].reply
		if got.Err != nil || len(got.values) != all || got.values[all-1] != ".1.3.6.1.2.60=v60" {
			t.Fatalf("got %+v", got)
		}
		if asked := a.messages(); len(asked) > most {
			t.Errorf("round %d: %d messages of %v objects, want at most %d", round, len(asked), asked, most)
		}
	}
	if about := e.About(a.addr); !strings.Contains(about, "learned from tooBig at ") {
		t.Errorf("it is said of the device %q", about)
	}
}

func TestSilenceMakesMessagesSmallerWhenSmallerOnesAreAnswered(t *testing.T) {
	a := startAgent(t, column("1.3.6.1.2", 80), func(a *agent) { a.mute = 45 })
	e := newEngine(t)
	var names []string
	for i := range 80 {
		names = append(names, fmt.Sprintf("1.3.6.1.2.%d", i+1))
	}
	to := a.device(Version2c)
	to.Timeout, to.Retries = 50*time.Millisecond, 100
	for round, want := range [][]int{{80, 40, 40}, {45, 35}} { // the values are shorter than it was thought at first
		got := ask(e, Request{To: to, OIDs: oids(t, names...)})[0].reply
		if got.Err != nil || len(got.values) != 80 {
			t.Fatalf("got %+v", got)
		}
		if asked := a.messages(); !slices.Equal(asked, want) {
			t.Errorf("round %d: messages of %v objects, want %v", round, asked, want)
		}
	}
	if about := e.About(a.addr); !strings.HasPrefix(about, "takes 45 objects a request, learned from silence at ") {
		t.Errorf("it is said of the device %q", about)
	}
}

func TestVersion1AsksAgainWithoutWhatIsNotThere(t *testing.T) {
	a := startAgent(t, column("1.3.6.1.2", 3))
	e := newEngine(t)
	got := ask(
		e, Request{To: a.device(Version1), OIDs: oids(t, "1.3.6.1.2.1", "1.3.6.1.2.8", "1.3.6.1.2.2", "1.3.6.1.2.9")},
		Request{To: a.device(Version1), OIDs: oids(t, "1.3.6.1.2.3")},
	)
	first, second := got[0].reply, got[1].reply
	if want := ".1.3.6.1.2.1=v1 .1.3.6.1.2.8=!2 .1.3.6.1.2.2=v2 .1.3.6.1.2.9=!2"; strings.Join(first.values, " ") != want || !slices.Equal(first.Refused, []int{1, 3}) {
		t.Errorf("got %+v, want %s", first, want)
	}
	if want := ".1.3.6.1.2.3=v3"; strings.Join(second.values, " ") != want || second.Err != nil || second.Refused != nil {
		t.Errorf("got %+v, want %s", second, want)
	}
	if asked := a.messages(); !slices.Equal(asked, []int{5, 4, 3}) {
		t.Errorf("messages of %v objects, want 5, 4, 3", asked)
	}
}

func TestMisunderstoodRequestsAreAskedAlone(t *testing.T) {
	for name, change := range map[string]func(a *agent){
		"other objects": func(a *agent) { a.swap = true }, "an error for nothing in particular": func(a *agent) { a.blame = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			a, e := startAgent(t, column("1.3.6.1.2", 3), change), newEngine(t)
			for round, want := range [][]int{{3, 1, 1, 1}, {1, 1, 1}} {
				got := ask(
					e, Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6.1.2.1")},
					Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6.1.2.2")}, Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6.1.2.3")},
				)
				for i, c := range got {
					if want := fmt.Sprintf(".1.3.6.1.2.%d=v%d", i+1, i+1); strings.Join(c.reply.values, " ") != want || c.reply.Err != nil {
						t.Errorf("round %d: got %+v, want %s", round, c.reply, want)
					}
				}
				if asked := a.messages(); !slices.Equal(asked, want) {
					t.Errorf("round %d: messages of %v objects, want %v", round, asked, want)
				}
			}
			got := ask(e, Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6.1.2.1", "1.3.6.1.2.2")})[0].reply
			if a.blame == 0 && strings.Join(got.values, " ") != ".1.3.6.1.2.1=v1 .1.3.6.1.2.1=v1" || a.blame > 0 && got.Status != 5 {
				t.Errorf("one that is wrong alone: got %+v, want it as it came", got)
			}
		})
	}
}

func TestSilentDeviceCostsOneConversation(t *testing.T) {
	a, e := startAgent(t, nil, func(a *agent) { a.silent = true }), newEngine(t)
	to := &Device{Addr: a.addr, Version: Version2c, Community: "public", Timeout: 40 * time.Millisecond, Retries: 2}
	var requests []Request
	for i := range 10 {
		requests = append(requests, Request{To: to, OIDs: oids(t, fmt.Sprintf("1.3.6.1.2.%d", i))})
	}
	patient := *to
	patient.Retries = 5
	requests = append(requests, Request{To: &patient, OIDs: oids(t, "1.3.6.1.3")})
	for i, c := range ask(e, requests...) {
		if !errors.Is(c.reply.Err, ErrNoAnswer) {
			t.Errorf("request %d: got %+v, want ErrNoAnswer", i, c.reply)
		}
	}
	if asked := a.messages(); len(asked) > 6 {
		t.Errorf("messages of %v objects, want the 6 tries of the most patient", asked)
	}
}

func TestUntilEndsARequest(t *testing.T) {
	a, e := startAgent(t, nil, func(a *agent) { a.silent = true }), newEngine(t)
	for _, until := range []time.Time{time.Now().Add(-time.Second), time.Now().Add(30 * time.Millisecond)} {
		got := ask(e, Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6"), Until: until})[0].reply
		if !errors.Is(got.Err, context.DeadlineExceeded) {
			t.Errorf("got %+v, want context.DeadlineExceeded", got)
		}
	}
}

func TestWalkGivesTheColumns(t *testing.T) {
	objects := column("1.3.6.1.2.7", 300)
	for name, value := range column("1.3.6.1.2.8", 3) {
		objects[name] = value
	}
	objects["1.3.6.1.2.70.1"] = "a longer number, not below"
	a, e := startAgent(t, objects, func(a *agent) { a.most = 1472 }), newEngine(t)
	for _, version := range []Version{Version2c, Version1} {
		got := ask(e, Request{To: a.device(version), Kind: Walk, OIDs: oids(t, "1.3.6.1.2.7", "1.3.6.1.2.5", "1.3.6.1.2.8")})[0].reply
		if len(got.values) != 303 || got.Err != nil || got.values[299] != ".1.3.6.1.2.7.300=v300" || got.values[302] != ".1.3.6.1.2.8.3=v3" {
			t.Errorf("version %d: got %d objects, %v", version, len(got.values), got.Err)
		}
	}
	got := ask(e, Request{To: a.device(Version2c), Kind: Walk, OIDs: oids(t, "1.3.6.1.2.7"), Most: 50})[0].reply
	if len(got.values) != 50 || !errors.Is(got.Err, ErrMost) {
		t.Errorf("a walk for 50: got %d objects, %v", len(got.values), got.Err)
	}
}

func TestWalkInACircleEnds(t *testing.T) {
	a, e := startAgent(t, column("1.3.6.1.2", 5), func(a *agent) { a.circle = true }), newEngine(t)
	got := ask(e, Request{To: a.device(Version2c), Kind: Walk, OIDs: oids(t, "1.3.6")})[0].reply
	if !errors.Is(got.Err, ErrLoop) || len(got.values) != 5 {
		t.Errorf("got %+v, want ErrLoop and the 5 objects", got)
	}
}

func TestWalkLearnsHowManyRepetitionsAreAnswered(t *testing.T) {
	a, e := startAgent(t, column("1.3.6.1.2", 60), func(a *agent) { a.mute = 10 }), newEngine(t)
	to := a.device(Version2c)
	to.Timeout, to.Retries = 30*time.Millisecond, 200
	for round, want := range []int{32, 8} {
		got := ask(e, Request{To: to, Kind: Walk, OIDs: oids(t, "1.3.6.1.2")})[0].reply
		if asked := a.messages(); len(got.values) != 60 || got.Err != nil || asked[0] != want {
			t.Errorf("round %d: got %d objects, %v, first asked for %d, want %d", round, len(got.values), got.Err, asked[0], want)
		}
	}
	if about := e.About(a.addr); !strings.Contains(about, " repetitions a GETBULK, learned from silence at ") {
		t.Errorf("it is said of the device %q", about)
	}
}

func TestLongWalkLetsOthersPass(t *testing.T) {
	a, e := startAgent(t, column("1.3.6.1.2", 400), func(a *agent) { a.most = 200 }), newEngine(t)
	var group sync.WaitGroup
	var order []string
	walk := &ordered{name: "walk", order: &order, group: &group}
	get := &ordered{name: "get", order: &order, group: &group}
	group.Add(2)
	walk.Request = Request{To: a.device(Version2c), Kind: Walk, OIDs: oids(t, "1.3.6.1.2"), Then: walk}
	get.Request = Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6.1.2.7"), Then: get}
	a.Lock() // the agent answers nothing until both are asked
	e.Ask(&walk.Request)
	for conversations(e, false) == 0 {
		runtime.Gosched()
	}
	e.Ask(&get.Request)
	for conversations(e, true) == 0 {
		runtime.Gosched()
	}
	a.Unlock()
	group.Wait()
	if !slices.Equal(order, []string{"get", "walk"}) || len(walk.reply.values) != 400 {
		t.Errorf("answered in the order %v, %d objects", order, len(walk.reply.values))
	}
}

// conversations counts those under way; with waiting only those that others wait for.
func conversations(e *Engine, waiting bool) int {
	s := e.shards[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, l := range s.lanes {
		if l != nil && (!waiting || !l.waiting.empty()) {
			n++
		}
	}
	return n
}

// ordered notes when it was answered.
type ordered struct {
	collect
	name  string
	order *[]string
	group *sync.WaitGroup
}

func (o *ordered) Answered(r *Request, a *Answer) {
	*o.order = append(*o.order, o.name)
	o.collect.group = o.group
	o.collect.Answered(r, a)
}

func TestClosedEngineAnswersAll(t *testing.T) {
	a := startAgent(t, nil, func(a *agent) { a.silent = true })
	e := New(Options{})
	var group sync.WaitGroup
	var list []*collect
	for i := range 100 {
		c := &collect{group: &group}
		c.Request = Request{To: a.device(Version(i % 2)), Kind: Kind(i % 3), OIDs: oids(t, "1.3.6"), Then: c}
		list = append(list, c)
		group.Add(1)
		e.Ask(&c.Request)
		if i == 50 {
			for conversations(e, false) == 0 {
				runtime.Gosched()
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
	list = append(list, ask(e, Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6")})...)
	for i, c := range list {
		if !errors.Is(c.reply.Err, ErrClosed) {
			t.Errorf("request %d: got %v, want ErrClosed", i, c.reply.Err)
		}
	}
}

func TestNothingIsKeptOfDevicesThatAreAsOthers(t *testing.T) {
	a, e := startAgent(t, column("1.3.6.1.2", 3)), newEngine(t)
	for range 10 {
		ask(e, Request{To: a.device(Version2c), OIDs: oids(t, "1.3.6.1.2.1")}, Request{To: a.device(Version1), OIDs: oids(t, "1.3.6.1.2.9")})
	}
	s := e.shards[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.devices) != 0 || s.lessons.Len() != 0 || s.limits.Len() != 0 || s.retries.Len() != 0 || len(s.free) != len(s.lanes) {
		t.Errorf("%d devices, %d lessons, %d and %d timers, %d of %d slots free", len(s.devices), s.lessons.Len(), s.limits.Len(), s.retries.Len(), len(s.free), len(s.lanes))
	}
}
