package console_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

func TestTheTableOfNodes(t *testing.T) {
	now := time.Unix(1000, 0)
	all := []api.Role{
		{Node: "alpha", Role: "scheduler", State: "up", Mode: "M", Shards: []uint16{0, 1, 2, 7}, Epoch: 208, Load: map[string]int64{"running": 18, "waiting": 0, "journal_bytes": 2048}, Version: "v1", Since: 940, HTTP: "10.0.0.1:7770", Troubles: []string{"it\n is tired"}},
		{Node: "alpha", Role: "receiver", State: "draining", Mode: "M", Ordered: "maintenance", Why: "kernel\x1b[2J", Load: map[string]int64{"spool_bytes": 3 << 20, "spool_seconds": 90}, Version: "v1", Since: 999, HTTP: "10.0.0.1:7770"},
		{Node: "beta", Role: "poller", State: "silent", Version: "v1", Host: "beta.example.org", Since: 1, Seen: 700},
	}
	var b strings.Builder
	console.NodesTable(&b, all, console.Style{Now: now})
	want := []string{
		"NODE ROLE M/S STATE SHARDS EPOCH RUNNING WAITING LAG SINCE ADDRESS",
		"alpha scheduler M up 0-2 7 208 18 0 journal 2.0K 1m00s 10.0.0.1:7770",
		"receiver M draining (maintenance ordered): kernel[2J - - - - spool 1m30s, spool 3.0M 1s 10.0.0.1:7770",
		"! beta poller - silent - - - - - 5m00s beta.example.org",
		"all of version v1",
		"! scheduler of alpha: it is tired",
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALineOfTheClusterLog(t *testing.T) {
	var b strings.Builder
	e := api.Deed{Time: 1.5, Node: "alpha", Role: "scheduler", Kind: "shard-taken", About: "shard 3", Why: "its owner is\ndead"}
	console.ChronicleLine(&b, &e)
	if got, want := b.String(), time.UnixMicro(1.5e6).Format("2006-01-02 15:04:05.000")+"  alpha/scheduler       shard-taken    shard 3: its owner isdead\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWithoutAnAnswerOfTheBusTheLastListIsShownWithItsAge(t *testing.T) {
	c := daemon(t, map[string]http.HandlerFunc{"GET /api/nodes": says(new(string), 503, `{"error":"nobody leads","nodes":[{"node":"a","role":"poller","state":"up","since":940}],"asked":1000}`)})
	_, err := c.Nodes(t.Context())
	refusal, ok := errors.AsType[*console.Refusal](err)
	if !ok || refusal.Text != "nobody leads" {
		t.Fatalf("got %v", err)
	}
	var b strings.Builder
	console.LastNodes(&b, &refusal.Last, console.Style{Now: time.Unix(1014, 0)})
	if got := b.String(); !strings.HasPrefix(got, "as it was at 00:16:40, 14s ago:\n") || !strings.Contains(got, "1m00s") {
		t.Errorf("got %s", got)
	}
}

func TestServersOfTheBusThatAreMissingHaveALine(t *testing.T) {
	away := []api.BusServer{{Server: "beta", Since: 974, Why: "it is away"}, {Server: "gamma", Since: 995, Why: "it lacks 3 changes"}}
	for _, c := range []struct {
		bus  api.Bus
		want string
	}{
		{api.Bus{}, ""},
		{api.Bus{Ill: "stream PERF stores nothing: its disk was full"}, "! the bus: stream PERF stores nothing: its disk was full\n"},
		{api.Bus{Behind: away}, "! the bus: server beta for 26s: it is away\n"},
		{api.Bus{Behind: away, Mute: 979, Why: "1 of the 3 servers of its cluster answers"}, "! the bus: nothing is stored for 21s: 1 of the 3 servers of its cluster answers\n"},
	} {
		var b strings.Builder
		console.BusLines(&b, &c.bus, console.Style{Now: time.Unix(1000, 0)})
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Error(diff)
		}
	}
	var b strings.Builder
	console.BusLacks(&b, []api.Role{{Role: "arbiter"}, {Role: "arbiter", Load: map[string]int64{api.BusServersAway: 1}}}, console.Style{})
	if !strings.HasPrefix(b.String(), "! the bus lacks 1 of its servers: ") {
		t.Errorf("by arbiters: %q", b.String())
	}
}

func TestVersionsAreShownWhereTheyDiffer(t *testing.T) {
	all := []api.Role{
		{Node: "alpha", Role: "broker", State: "up", Version: "v1.2.1-0.20261123025102-ad888610c0ff+dirty"},
		{Node: "beta", Role: "broker", State: "up", Version: "v0.0.0-20261123025102-1a2b3c4d5e6f"},
		{Node: "gamma", Role: "broker", State: "up", Version: "v1.2.0"},
	}
	var b strings.Builder
	console.NodesTable(&b, all, console.Style{Now: time.Unix(1000, 0)})
	var last []string
	for line := range strings.Lines(b.String()) {
		words := strings.Fields(line)
		last = append(last, words[len(words)-1])
	}
	if diff := cmp.Diff([]string{"VERSION", "v1.2.1-ad88861+dirty", "v0.0.0-1a2b3c4", "v1.2.0"}, last); diff != "" {
		t.Error(diff)
	}
}
