package agent_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent"
	"github.com/onbu/onbu/monitor"
)

const output = `<<<check_mk>>>
Version: 2.3.0p10
AgentOS: windows
<<<services>>>
Spooler running/auto Print Spooler
W32Time stopped/demand Windows Time
<<<<vm1>>>>
<<<services>>>
Cron running/auto Cron
<<<<>>>>
<<<something_new:cached(1000000000,60)>>>
1
`

// courier keeps what it is given, and gives what it is told to.
type courier struct {
	mu        sync.Mutex
	delivered []modules.Delivery
	answer    modules.Delivered
	refuses   error
	carried   modules.Carried
	least     []uint64
}

func (c *courier) Deliver(_ context.Context, d modules.Delivery) (modules.Delivered, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delivered = append(c.delivered, d)
	return c.answer, c.refuses
}

func (c *courier) Payloads(_ context.Context, _, _ string, least uint64) (modules.Carried, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.least = append(c.least, least)
	carried := c.carried
	carried.Payloads = append([]modules.CarriedPayload(nil), carried.Payloads...)
	if carried.Use == monitor.UseUnset {
		carried.Use = monitor.UseIfPresent
	}
	return carried, nil
}

// payload is one that is to be used, or not.
func payload(source, data string, usable bool, text string) modules.CarriedPayload {
	return modules.CarriedPayload{
		Payload: monitor.Payload{Target: "h", Source: source, At: monitor.At(time.Now().Add(-90 * time.Second)), Data: []byte(data)},
		Usable:  usable, Text: text,
	}
}

func module(t testing.TB, c modules.Courier) *agent.Module {
	t.Helper()
	m := agent.New(agent.Options{Courier: c})
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// serve is an agent. It gives its port, and how often it was asked.
func serve(t testing.TB, says func() string) (port string, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	return probetest.Serve(t, func(c net.Conn) {
		asked.Add(1)
		probetest.SayAndClose(says())(c)
	}), asked
}

func always(text string) func() string { return func() string { return text } }

// run makes one check of a line for an object.
func run(t testing.TB, m *agent.Module, o modules.Object, line string) monitor.Outcome {
	t.Helper()
	p := m.Own("onbu-agent " + line)
	if personal, ok := p.(modules.Personal); ok {
		p = personal.For(o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got, err := p.Run(ctx)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return got
}

func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s has no %q:\n%s", what, part, text)
		}
	}
}

func TestAnOutputWithoutASectionIsNoAgents(t *testing.T) {
	port, _ := serve(t, always("<<no agent, but something that says as much as one would>>\n"))
	c := &courier{}
	c.carried.Payloads = []modules.CarriedPayload{payload("esx1", "<<<services>>>\n", true, "Successfully processed from source 'esx1'")}
	got := run(t, module(t, c), modules.Object{Host: "h"}, "-H 127.0.0.1 -p "+port)
	if got.State != monitor.Critical || !strings.Contains(got.Output, "there is no section in it") {
		t.Errorf("got %v %q", got.State, got.Output)
	}
	port, _ = serve(t, always("<<<<vm1>>>>\n<<<services>>>\n<<<<>>>>\n")) // it speaks for others alone
	if got := run(t, module(t, c), modules.Object{Host: "other"}, "-H 127.0.0.1 -p "+port); got.State != monitor.OK {
		t.Errorf("got %v %q", got.State, got.Output)
	}
}

func TestTheOwnServiceTellsOfTheAgent(t *testing.T) {
	port, _ := serve(t, always(output))
	c := &courier{answer: modules.Delivered{Orphans: 1, Conflicts: []string{"vm1 and VM1 are both vm1"}}}
	c.carried.Payloads = []modules.CarriedPayload{payload("esx1", "<<<services>>>\n", true, "Successfully processed from source 'esx1'")}
	got := run(t, module(t, c), modules.Object{Host: "h"}, "-H 127.0.0.1 -p "+port)
	if got.State != monitor.Warning {
		t.Errorf("state %v: a conflict is worth a warning", got.State)
	}
	has(t, "output", got.Output, "[agent] Version: 2.3.0p10, OS: windows", "[piggyback] Successfully processed from source 'esx1'", "3 sections", "vm1 and VM1")
	has(t, "long output", got.LongOutput, "payload of esx1: 90 s old", "1 for hosts that nobody knows", "1 sections that no kind of service reads: something_new", "section something_new was made")
	has(t, "perfdata", got.Perfdata, "fetch_time=", fmt.Sprintf("agent_bytes=%dB", len(output)), "payloads=1")
	if len(c.delivered) != 1 || c.delivered[0].Source != "h" || !strings.HasPrefix(c.delivered[0].Origin, "port-") || len(c.delivered[0].Blocks) != 1 || string(c.delivered[0].Blocks[0].Name) != "vm1" {
		t.Errorf("delivered %+v", c.delivered)
	}
}

func TestAServiceIsEvaluatedFromOwnOutputAndPayloads(t *testing.T) {
	port, asked := serve(t, always(output))
	c := &courier{carried: modules.Carried{Payloads: []modules.CarriedPayload{payload("esx1", "<<<lnx_if>>>\n[start_iplink]\n[end_iplink]\n<<<lnx_if:sep(58)>>>\n", true, "")}}}
	m := module(t, c)
	for line, want := range map[string]string{
		"-s services -i Spooler": "",
		"-s services -i W32Time": "",
		"-s services -i Cron":    "Spooler", // what is for another host is not this one's
		"-s lnx_if -i eth0":      "from the output of esx1, 90 s old",
	} {
		got := run(t, m, modules.Object{Host: "h", Service: line}, "-H 127.0.0.1 -p "+port+" "+line)
		has(t, line, got.Output+"\n"+got.LongOutput, want)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the agent was asked %d times, want once for all", n)
	}
	if got := run(t, m, modules.Object{Host: "h"}, "-H 127.0.0.1 -p "+port+" -s services -i Spooler"); got.State != monitor.OK {
		t.Errorf("Spooler is %v: %s", got.State, got.Output)
	}
}

func TestAMissingSectionSaysWhy(t *testing.T) {
	port, _ := serve(t, always(output))
	old := &courier{carried: modules.Carried{Payloads: []modules.CarriedPayload{payload("esx1", "<<<diskstat>>>\n", false, "Piggyback data outdated (age: 2:00:00, allowed: 1:00:00)")}}}
	for _, c := range []struct {
		courier modules.Courier
		line    string
		want    string
	}{
		{&courier{}, "-H 127.0.0.1 -s diskstat -p " + port, "section diskstat is not in the agent's output"},
		{old, "-H 127.0.0.1 -s diskstat -p " + port, "[piggyback] esx1: Piggyback data outdated"},
		{&courier{}, "-H 127.0.0.1 -s diskstat -p " + probetest.Closed(t), "[agent] Communication failed: connect to address 127.0.0.1 and port"},
		{old, "-s diskstat --piggyback-only", "section diskstat is not in the payloads: [piggyback] esx1: Piggyback data outdated"},
		{&courier{}, "-s diskstat --piggyback-only", "there is no payload for this host"},
	} {
		got := run(t, module(t, c.courier), modules.Object{Host: "h"}, c.line)
		if got.State != monitor.Unknown {
			t.Errorf("%s: state %v", c.line, got.State)
		}
		has(t, c.line, got.Output, c.want)
	}
}

func TestPayloadsServeWhileTheAgentDoesNotAnswer(t *testing.T) {
	c := &courier{carried: modules.Carried{Payloads: []modules.CarriedPayload{payload("esx1", "<<<services>>>\nSpooler running/auto x\n", true, "")}}}
	m := module(t, c)
	line := "-H 127.0.0.1 -p " + probetest.Closed(t)
	if got := run(t, m, modules.Object{Host: "h"}, line+" -s services -i Spooler"); got.State != monitor.OK {
		t.Errorf("state %v: %s", got.State, got.Output)
	}
	if got := run(t, m, modules.Object{Host: "h"}, line); got.State != monitor.Critical {
		t.Errorf("own service: state %v: %s", got.State, got.Output)
	}
}

func TestWhatIsExpectedAndMissingIsAWarning(t *testing.T) {
	c := &courier{carried: modules.Carried{Use: monitor.UseExpect}}
	got := run(t, module(t, c), modules.Object{Host: "h", Service: "Payloads"}, "--piggyback-only")
	if got.State != monitor.Warning || !strings.Contains(got.Output, "Missing data") {
		t.Errorf("got %v %q", got.State, got.Output)
	}
}

func TestAHostWithoutAUsablePayloadIsDown(t *testing.T) {
	for want, carried := range map[monitor.State]modules.Carried{
		monitor.Critical: {Use: monitor.UseExpect},
		monitor.OK:       {Payloads: []modules.CarriedPayload{payload("esx1", "<<<uptime>>>\n1\n", true, "fine"), payload("esx2", "", false, "outdated")}},
	} {
		got := run(t, module(t, &courier{carried: carried}), modules.Object{Host: "h"}, "--piggyback-only")
		if got.State != want {
			t.Errorf("got %v %q, want %v", got.State, got.Output, want)
		}
	}
	outdated := modules.Carried{Payloads: []modules.CarriedPayload{payload("esx1", "<<<uptime>>>\n1\n", false, "Piggyback data outdated")}}
	if got := run(t, module(t, &courier{carried: outdated}), modules.Object{Host: "h"}, "--piggyback-only"); got.State != monitor.Critical {
		t.Errorf("outdated: got %v %q", got.State, got.Output)
	}
}

func TestOutputWithoutASectionIsNoAgents(t *testing.T) {
	port, _ := serve(t, always("hello, this is no agent\n"))
	if got := run(t, module(t, nil), modules.Object{Host: "h"}, "-H 127.0.0.1 -p "+port); got.State == monitor.OK {
		t.Errorf("got %v %q", got.State, got.Output)
	}
}

func TestTroubleWithDeliveryIsTheOwnServicesOnly(t *testing.T) {
	port, _ := serve(t, always(output))
	m := module(t, &courier{refuses: errors.New("the bus is away")})
	line := "-H 127.0.0.1 -p " + port
	if got := run(t, m, modules.Object{Host: "h"}, line+" -s services -i Spooler"); got.State != monitor.OK {
		t.Errorf("state %v: %s", got.State, got.Output)
	}
	got := run(t, m, modules.Object{Host: "h"}, line)
	if got.State != monitor.Warning || !strings.Contains(got.Output, "the bus is away") {
		t.Errorf("got %v %q", got.State, got.Output)
	}
}

func TestBlocksForTheHostItselfAreItsOwn(t *testing.T) {
	port, _ := serve(t, always("<<<check_mk>>>\nVersion: 1\n<<<<H>>>>\n<<<services>>>\nSpooler running/auto x\n"))
	c := &courier{answer: modules.Delivered{Own: [][]byte{[]byte("<<<services>>>\nSpooler running/auto x\n")}}}
	m := module(t, c)
	line := "-H 127.0.0.1 -p " + port + " -s services -i Spooler"
	for _, o := range []modules.Object{{Host: "h"}, {Host: "h", Payload: 7, Arrival: true}} { // the second one reads what was kept
		if got := run(t, m, o, line); got.State != monitor.OK {
			t.Errorf("state %v: %s", got.State, got.Output)
		}
	}
}

func TestWhatComesForAPayloadDoesNotAskTheAgentAgain(t *testing.T) {
	port, asked := serve(t, always(output))
	c := &courier{}
	m := module(t, c)
	line := "-H 127.0.0.1 -p " + port
	run(t, m, modules.Object{Host: "h"}, line)
	c.carried.Payloads = []modules.CarriedPayload{payload("esx1", "<<<diskstat>>>\n", true, "came")}
	if got := run(t, m, modules.Object{Host: "h", Service: "other"}, line); strings.Contains(got.Output, "came") {
		t.Errorf("a check that nothing is new for made a round of its own: %s", got.Output)
	}
	got := run(t, m, modules.Object{Host: "h", Payload: 42, Arrival: true}, line)
	has(t, "output", got.Output, "came", "Version: 2.3.0p10")
	if asked.Load() != 1 || c.least[len(c.least)-1] != 42 {
		t.Errorf("asked %d times, payloads from %v", asked.Load(), c.least)
	}
	run(t, m, modules.Object{Host: "h", Forced: true}, line)
	if asked.Load() != 2 {
		t.Errorf("a person wants to know it now, and the agent was asked %d times", asked.Load())
	}
}

func TestNoServiceIsEvaluatedTwiceFromOneFetch(t *testing.T) {
	port, asked := serve(t, always(output))
	m := module(t, &courier{})
	for i, c := range []struct {
		service, more string
		want          int64
	}{{"a", "", 1}, {"b", "", 1}, {"a", "", 2}, {"b", "", 2}, {"b", "", 3}, {"b", "--cache 60", 3}, {"b", "--cache 60", 3}} {
		run(t, m, modules.Object{Host: "h", Service: c.service}, "-H 127.0.0.1 -p "+port+" "+c.more)
		if got := asked.Load(); got != c.want {
			t.Errorf("check %d, of %s %s: the agent was asked %d times, want %d", i, c.service, c.more, got, c.want)
		}
	}
}

func TestServicesThatComeTogetherShareAFetch(t *testing.T) {
	open := make(chan struct{})
	port, asked := serve(t, func() string { <-open; return output })
	m := module(t, &courier{})
	var all sync.WaitGroup
	var fine atomic.Int64
	for i := range 50 {
		all.Go(func() {
			if got := run(t, m, modules.Object{Host: "h", Service: fmt.Sprint(i)}, "-H 127.0.0.1 -p "+port+" -s services -i Spooler"); got.State == monitor.OK {
				fine.Add(1)
			}
		})
	}
	close(open)
	all.Wait()
	if asked.Load() != 1 || fine.Load() != 50 {
		t.Errorf("asked %d times, %d of 50 fine", asked.Load(), fine.Load())
	}
}

func TestTheLastOutputIsRemembered(t *testing.T) {
	port, _ := serve(t, always(output))
	m := module(t, nil)
	run(t, m, modules.Object{Host: "h"}, "-H 127.0.0.1 -p "+port)
	raw, at, ok := m.Remembered("h")
	if !ok || !strings.Contains(string(raw), "Spooler") || time.Since(at) > time.Minute {
		t.Errorf("got %q of %v, %v", raw, at, ok)
	}
	if _, _, ok := m.Remembered("other"); ok {
		t.Error("a host that nobody asked is remembered")
	}
}

func TestPersistedSectionsStay(t *testing.T) {
	var n atomic.Int64
	port, _ := serve(t, func() string {
		text := "<<<check_mk>>>\nVersion: 1\n"
		if n.Add(1) == 1 {
			text += fmt.Sprintf("<<<services:persist(%d)>>>\nSpooler running/auto x\n", time.Now().Add(time.Hour).Unix())
		}
		return text
	})
	m := module(t, nil)
	for i := range 3 {
		got := run(t, m, modules.Object{Host: "h", Forced: true}, "-H 127.0.0.1 -s services -i Spooler -p "+port)
		if got.State != monitor.OK {
			t.Errorf("output %d: %v %s", i, got.State, got.Output)
		}
	}
}

func TestTroubleIsSaidInCheckmksWords(t *testing.T) {
	m := module(t, nil)
	for _, c := range []struct{ port, more, want string }{
		{port: probetest.Serve(t, probetest.SayAndClose("")), want: "[agent] Empty output from host 127.0.0.1:"},
		{port: probetest.Serve(t, probetest.SayAndClose("<<<a>>>")), want: "[agent] Too short payload from agent at 127.0.0.1:"},
		{port: probetest.Serve(t, probetest.SayAndClose("HTTP/1.1 400 Bad Request\r\n\r\n")), want: `[agent] Unknown transport protocol: "HT"`},
		{port: probetest.Serve(t, probetest.SayAndClose("030000000000000000000")), want: "--legacy-key"},
		{port: probetest.Serve(t, probetest.SayAndClose("030000000000000000000")), more: "--legacy-key x", want: "decrypt"},
		{port: probetest.Serve(t, probetest.SayAndClose(output)), more: "--legacy-key x", want: "Refused: Encryption is enforced but agent output is plaintext"},
		{port: probetest.Serve(t, probetest.SayAndClose(output)), more: "--tls", want: "Refused: TLS is enforced but host is not using it"},
		{port: probetest.Serve(t, probetest.Hang), more: "-t 1", want: "[agent] Communication failed: timed out"},
		{port: probetest.Serve(t, probetest.Say(output)), more: "-t 1", want: "did not end within the time limit"},
		{port: probetest.Closed(t), want: "Connection refused"},
	} {
		got := run(t, m, modules.Object{Host: "h"}, "-H 127.0.0.1 -p "+c.port+" "+c.more)
		if got.State != monitor.Critical {
			t.Errorf("%s: state %v", c.want, got.State)
		}
		has(t, "output", got.Output, c.want)
	}
}

func TestOldWindowsAgentsSay99(t *testing.T) {
	port, _ := serve(t, always("99"+output))
	if got := run(t, module(t, nil), modules.Object{Host: "h"}, "-H 127.0.0.1 -p "+port); !strings.Contains(got.Output, "2.3.0p10") {
		t.Errorf("got %q", got.Output)
	}
}

func TestEveryMistakeInALineIsSaid(t *testing.T) {
	m := module(t, nil)
	for line, want := range map[string]string{
		"":                                                "-H is missing",
		"-H 127.0.0.1 extra":                              `"extra" is no option`,
		"-H 127.0.0.1 --no-such":                          "--no-such is not known",
		"-H 127.0.0.1 -p 0":                               "option -p",
		"-H 127.0.0.1 -t 0":                               "option -t",
		"-H 127.0.0.1 -w a":                               `-w a: "a" is no number`,
		"-H 127.0.0.1 -s CPUU":                            "-s CPUU: there is no such kind of service; did you mean cpu?",
		"-H 127.0.0.1 -s nosuch":                          "-s nosuch: there is no such kind of service; there are ",
		"-H 127.0.0.1 -s service":                         "there are services, services_summary",
		"-H 127.0.0.1 -s services -o nosuch=":             "-o nosuch: -s services does not know it, it takes else, start, state",
		"-H 127.0.0.1 -o nosuch=1":                        "-o nosuch: the agent's own service does not know it, it takes version",
		"-H 127.0.0.1 -o version":                         `"version" is not NAME=VALUE`,
		"-H 127.0.0.1 -i x":                               "-i needs -s",
		"-H 127.0.0.1 --max-size 1X":                      "no size",
		"-H 127.0.0.1 --max-size 99G":                     "no size",
		"-H 127.0.0.1 --tls --piggyback-only":             "--tls and --piggyback-only exclude each other",
		"-H 127.0.0.1 --program x":                        "programs cannot be run here",
		"--piggyback-only --no-piggyback":                 "leave nothing to look at",
		"--piggyback-only --legacy-key x":                 "--legacy-key is for agents that are connected to",
		"-H 127.0.0.1 --legacy-key x --legacy-key-file y": "exclude each other",
		"-H 'a b'":                                        "neither a name nor an address",
		"-H 1 'open":                                      "",
		"-H $(reboot)":                                    "",
	} {
		v, ok := m.Own("onbu-agent " + line).(modules.Verifier)
		if !ok {
			t.Fatalf("%s: no Verifier", line)
		}
		wrong, _ := v.Verify()
		if len(wrong) == 0 {
			t.Errorf("%s: nothing is wrong", line)
			continue
		}
		has(t, line, wrong[0], want)
	}
}

func TestEachOutputOfAHostIsDeliveredAsItsOwn(t *testing.T) {
	with, _ := serve(t, always(output))
	without, _ := serve(t, always("<<<check_mk>>>\nVersion: 1\n"))
	c := &courier{}
	m := module(t, c)
	for _, port := range []string{with, without, with} {
		run(t, m, modules.Object{Host: "h", Forced: true}, "-H 127.0.0.1 -p "+port)
	}
	if len(c.delivered) != 3 {
		t.Fatalf("%d outputs are delivered, want 3", len(c.delivered))
	}
	if a, b, again := c.delivered[0].Origin, c.delivered[1].Origin, c.delivered[2].Origin; a == b || a != again {
		t.Errorf("the outputs are %s, %s and %s", a, b, again)
	}
	if n := len(c.delivered[1].Blocks); n != 0 {
		t.Errorf("%d blocks are in the output without any", n)
	}
}
