package arbiter_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// guests is what makes dynamic hosts; more goes into the rule.
func guests(more ...string) string {
	return `
define host {
 name guest
 register 0
 contacts ann
 max_check_attempts 3
 hostgroups guests
}
define hostgroup {
 hostgroup_name guests
}
define service {
 hostgroup_name guests
 service_description PING
 check_command x
 contacts ann
 max_check_attempts 3
}
define service {
 name offered
 register 0
 check_command x
 contacts ann
 max_check_attempts 3
}
define dynamic_host_rule {
 rule_name vms
 host_regex vm
 host_use guest
 ` + strings.Join(more, "\n ") + "\n}\n"
}

// dynamicWorld is an arbiter on a bus on which payloads arrive.
type dynamicWorld struct {
	*started
	bus   *membus.Bus
	files files
}

func inDynamicWorld(t *testing.T, rule string, test func(*dynamicWorld)) {
	synctest.Test(t, func(t *testing.T) {
		f, b := newFiles(t, "a"), membus.New()
		f.append(t, rule)
		w := &dynamicWorld{bus: b, files: f}
		w.begin(t)
		test(w)
		if err := w.stop(); err != nil {
			t.Error(err)
		}
	})
}

func (w *dynamicWorld) begin(t *testing.T) {
	t.Helper()
	w.started = start(t, w.bus.Connect("arbiter"), w.files)
	if err := w.failed(); err != nil {
		t.Fatal(err)
	}
}

// orphan stores payloads for hosts that nobody knows.
func (w *dynamicWorld) orphan(source string, at time.Time, data string, hosts ...string) {
	w.t.Helper()
	w.post(bus.Orphan, source, at, data, hosts)
}

// payload stores payloads for hosts of this site.
func (w *dynamicWorld) payload(source string, at time.Time, data string, hosts ...string) {
	w.t.Helper()
	w.post(bus.PayloadFor, source, at, data, hosts)
}

func (w *dynamicWorld) post(subject func(target, source string) bus.Subject, source string, at time.Time, data string, hosts []string) {
	w.t.Helper()
	var letters []bus.Letter
	for _, h := range hosts {
		p := monitor.Payload{Target: h, Source: source, At: monitor.At(at), Raw: h, Data: []byte(data)}
		letters = append(letters, bus.Letter{Subject: subject(h, source), Data: wire.AppendPayload(nil, &p)})
	}
	s := monitor.Source{Name: source, At: monitor.At(at), Targets: uint32(len(hosts))}
	letters = append(letters, bus.Letter{Subject: bus.SourceOf(source, ""), Data: wire.Marshal(s)})
	if _, err := w.started.bus.Post(w.t.Context(), letters); err != nil {
		w.t.Fatal(err)
	}
}

// hosts gives the hosts in force, sorted.
func (w *dynamicWorld) hosts() []string {
	w.t.Helper()
	var all []string
	for h := range w.stored(w.inForce().Number) {
		all = append(all, h)
	}
	slices.Sort(all)
	return all
}

func (w *dynamicWorld) want(hosts ...string) {
	w.t.Helper()
	if diff := cmp.Diff(hosts, w.hosts()); diff != "" {
		w.t.Errorf("%s\n%s", diff, w.log)
	}
}

// changed says how many shards changed with the generation in force.
func (w *dynamicWorld) changed() int {
	g, n := w.inForce(), 0
	for _, stand := range g.Stands {
		if stand == g.Number {
			n++
		}
	}
	return n
}

// services gives the services of a host in force, with their command lines' arguments.
func (w *dynamicWorld) services(host string) map[string]string {
	w.t.Helper()
	g := w.inForce()
	all := map[string]string{}
	for shard := range monitor.Shard(g.Shards) {
		var inv monitor.Inventory
		w.blob(wire.InventoryName(g.Stand(shard), shard), &inv)
		for _, s := range inv.Services {
			if inv.Hosts[s.Host].Name == host {
				all[s.Description] = strings.Join(inv.Args[s.Check.Args], "!")
			}
		}
	}
	return all
}

func TestAnOrphanThatARuleFitsBecomesAHostWithinSeconds(t *testing.T) {
	inDynamicWorld(t, guests(), func(w *dynamicWorld) {
		w.want("a")
		w.orphan("esx", time.Now(), "<<<uptime>>>\n1\n", "vm1", "web1", "vm_2")
		time.Sleep(3 * time.Second)
		w.want("a", "vm1", "vm_2")
		w.orphan("esx", time.Now(), "", "vm3")
		time.Sleep(3 * time.Second)
		w.want("a", "vm1", "vm3", "vm_2")
		if got := w.changed(); got != 1 {
			t.Errorf("one host changed %d shards", got)
		}
		if diff := cmp.Diff(map[string]string{"PING": ""}, w.services("vm1")); diff != "" {
			t.Error(diff)
		}
		var d monitor.Dynamics
		w.blob(wire.DynamicsName, &d)
		if len(d.Hosts) != 3 || d.Hosts[0].Name != "vm1" || d.Hosts[0].Source != "esx" || d.Hosts[0].Rule != "vms" || d.Made != 3 {
			t.Errorf("remembered: %+v", d)
		}
		if !strings.Contains(w.log.String(), `msg="dynamic hosts made" hosts=2 names="vm1, vm_2" rule=vms source=esx`) {
			t.Errorf("the log does not say it:\n%s", w.log)
		}
	})
}

func TestAThousandOrphansAtOnceAreOneOrTwoGenerations(t *testing.T) {
	inDynamicWorld(t, guests(), func(w *dynamicWorld) {
		before := w.inForce().Number
		var names []string
		for i := range 1100 {
			names = append(names, fmt.Sprintf("vm%d", i))
		}
		w.orphan("esx", time.Now(), "", names...)
		time.Sleep(5 * time.Second)
		if n := len(w.hosts()); n != 1001 {
			t.Errorf("%d hosts, want the one that is defined and as many as the rule makes of one source", n)
		}
		if got := w.inForce().Number - before; got > 2 {
			t.Errorf("it took %d generations", got)
		}
		if !strings.Contains(w.log.String(), "at most 1000 hosts of one source") {
			t.Errorf("the log does not say that there are too many:\n%s", w.log)
		}
		w.orphan("vc", time.Now(), "", "vm5000")
		time.Sleep(5 * time.Second)
		if n := len(w.hosts()); n != 1002 {
			t.Errorf("%d hosts after another source's, want 1002", n)
		}
	})
}

func TestDynamicHostsSurviveRestartsAndReloads(t *testing.T) {
	inDynamicWorld(t, guests(), func(w *dynamicWorld) {
		w.orphan("esx", time.Now(), "", "vm1", "vm2")
		time.Sleep(3 * time.Second)
		first := w.inForce()
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		w.begin(w.t)
		time.Sleep(time.Minute)
		first.Epoch++
		if got := w.inForce(); !cmp.Equal(got, first) {
			t.Errorf("after a restart %+v is in force, before it was %+v", got, first)
		}
		w.files.hosts(w.t, "b", "vm2")
		w.files.append(w.t, guests())
		w.again()
		w.want("b", "vm1", "vm2")
		if !strings.Contains(w.log.String(), `msg="dynamic hosts taken over" hosts=1 names=vm2`) {
			t.Errorf("the log does not say that a file defines vm2:\n%s", w.log)
		}
		w.files.hosts(w.t, "b")
		w.again()
		time.Sleep(time.Minute)
		w.want("b") // the rule is gone, and with it what it made
	})
}

func TestDynamicHostsGoOnlyWhenTheirSourceAnswersWithoutThem(t *testing.T) {
	inDynamicWorld(t, guests("remove_after 1h"), func(w *dynamicWorld) {
		w.orphan("esx", time.Now(), "", "vm1", "vm2")
		time.Sleep(3 * time.Second)
		w.payload("esx", time.Now(), "", "vm1", "vm2")
		time.Sleep(5 * time.Hour) // not a word from the source
		w.want("a", "vm1", "vm2")
		w.payload("esx", time.Now(), "", "vm1")
		time.Sleep(time.Minute)
		w.want("a", "vm1")
		if !strings.Contains(w.log.String(), `dynamic hosts removed" hosts=1 names=vm2 rule=vms source=esx why="its source answers and has not listed it for`) {
			t.Errorf("the log does not say why:\n%s", w.log)
		}
		// What it left behind makes it no host again; a new payload does.
		w.started.again()
		time.Sleep(time.Minute)
		w.want("a", "vm1")
		w.orphan("esx", time.Now(), "", "vm2")
		time.Sleep(time.Minute)
		w.want("a", "vm1", "vm2")
	})
}

func TestHostsThatBreakTheConfigurationAreLeftOut(t *testing.T) {
	inDynamicWorld(t, guests(), func(w *dynamicWorld) {
		main, err := os.ReadFile(w.files.main)
		if err != nil {
			t.Fatal(err)
		}
		put(t, w.files.main, string(main)+"illegal_object_name_chars=_\n")
		w.again()
		w.orphan("esx", time.Now(), "", "vm_1", "vm2")
		time.Sleep(3 * time.Second)
		w.want("a", "vm2")
		var d monitor.Dynamics
		w.blob(wire.DynamicsName, &d)
		if len(d.Refusals) != 1 || d.Refusals[0].Name != "vm_1" || !strings.Contains(d.Refusals[0].Why, "illegal_object_name_chars") {
			t.Errorf("refusals: %+v", d.Refusals)
		}
		before := w.inForce().Number
		for range 3 {
			w.orphan("esx", time.Now(), "", "vm_1")
			time.Sleep(time.Minute)
		}
		if got := w.inForce().Number; got != before {
			t.Errorf("a host that cannot be made %d generations", got-before)
		}
	})
}

func TestServicesAreDiscoveredAndNoneIsTakenAway(t *testing.T) {
	const df = "<<<df>>>\n/dev/sda1 ext4 41152736 20576368 18455636 53%% %s\n<<<uptime>>>\n100 200\n"
	inDynamicWorld(t, guests("services discover", "service_use offered"), func(w *dynamicWorld) {
		w.orphan("esx", time.Now(), fmt.Sprintf(df, "/a;b!c"), "vm1")
		time.Sleep(3 * time.Second)
		want := map[string]string{"PING": "", "Uptime": "-s uptime", "Filesystem /a_b_c": "-s df -i '/a;b!c'"}
		if diff := cmp.Diff(want, w.services("vm1")); diff != "" {
			t.Error(diff)
		}
		w.payload("esx", time.Now(), fmt.Sprintf(df, "/var"), "vm1")
		time.Sleep(15 * time.Minute)
		want["Filesystem /var"] = "-s df -i /var"
		if diff := cmp.Diff(want, w.services("vm1")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOnlyTheSiteOfTheRuleMakesItsHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a")
		f.append(t, guests("site north"))
		for site, want := range map[string][]string{"north": {"a", "vm1"}, "south": {"a"}, "": {"a"}} {
			c := membus.New().Connect("arbiter")
			w := &dynamicWorld{started: &started{t: t, bus: c, log: &logtest.Log{}}}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			o := arbiter.Options{Bus: c, Main: f.main, Shards: shards, Site: site, Log: slog.New(slog.NewTextHandler(w.log, nil))}
			go func() { ended <- arbiter.New(o).Run(ctx) }()
			synctest.Wait()
			w.orphan("esx", time.Now(), "", "vm1")
			time.Sleep(3 * time.Second)
			w.want(want...)
			var p monitor.Piggyback
			w.blob(wire.PiggybackName(w.inForce().Number), &p)
			if there := len(want) == 1; len(p.Sites) != 1 || (p.Sites[0].Site == "north") != there {
				t.Errorf("at %q payloads go to %+v", site, p.Sites)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}
