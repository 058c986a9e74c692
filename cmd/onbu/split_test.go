package main_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/api"
)

// cluster is a bus and daemons around it, each a process of its own, and with keys of its own unless they speak in clear.
type cluster struct {
	t     *testing.T
	addr  string // of the bus
	url   string
	vault *keys.Vault // nil in clear
	all   []*onbu
}

// openCluster is one whose bus lets everybody do everything.
func openCluster(t *testing.T) *cluster {
	addr := fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t))
	return &cluster{t: t, addr: addr, url: "nats://" + addr}
}

// newCluster is one whose daemons may do on the bus what their role needs and nothing else. The test fails when the bus
// refuses one of them something.
func newCluster(t *testing.T) *cluster {
	c := openCluster(t)
	v, err := keys.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.vault = v
	t.Cleanup(c.nothingRefused)
	return c
}

func (c *cluster) bus() *onbu {
	c.t.Helper()
	o := c.launch("bus", "127.0.0.1", "bus", "--listen", c.addr)
	o.Listening(c.t, c.addr)
	return o
}

// role starts a daemon without waiting for it.
func (c *cluster) role(args ...string) *onbu {
	c.t.Helper()
	name := args[0]
	if i := slices.Index(args, "--name"); i > 0 {
		name = args[i+1]
	}
	return c.launch(name, "", append(args, "--bus", c.url, "--http", "127.0.0.1:0")...)
}

func (c *cluster) launch(name, address string, args ...string) *onbu {
	c.t.Helper()
	if c.vault != nil {
		args = append(args, "--keys", c.hand(name, address, args[0]))
	}
	o := launch(c.t, append(args, "--state", c.t.TempDir())...)
	c.all = append(c.all, o)
	return o
}

// hand makes keys for a daemon.
func (c *cluster) hand(name, address, role string) string {
	c.t.Helper()
	dir := filepath.Join(c.t.TempDir(), "keys")
	who, err := keys.NewIdentity(name, bus.Role(role))
	if err == nil {
		err = c.vault.Hand(dir, keys.Grant{Identity: who, Addresses: strings.Fields(address)}, false, time.Now())
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return dir
}

// refusal is what a bus and a daemon say when a right is missing.
var refusal = regexp.MustCompile(`.*(Violation|the bus refuses this daemon).*`)

func (c *cluster) nothingRefused() {
	for _, o := range c.all {
		for _, line := range refusal.FindAllString(o.Output(), 5) {
			c.t.Errorf("%s: %s", o.Args[1], line)
		}
	}
}

// The daemons apart are the same engine as in one process, in whatever order they come up.
func TestSplitDaemons(t *testing.T) {
	t.Run("the bus first", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.bus()
		splitDaemons(t, c, roleLines, nil)
	})
	t.Run("the bus last", func(t *testing.T) {
		t.Parallel()
		c := openCluster(t)
		backwards := slices.Clone(roleLines)
		slices.Reverse(backwards)
		splitDaemons(t, c, backwards, func(all map[string]*onbu) {
			for _, o := range all {
				o.says("no bus yet, trying again")
			}
			c.bus()
		})
	})
}

var roleLines = []string{
	"arbiter CONFIG", "scheduler", "poller --name home --tags None", "poller --name paris --tags EU", "reactionner", "receiver",
	"broker --event-log events.ndjson",
}

func splitDaemons(t *testing.T, c *cluster, lines []string, started func(map[string]*onbu)) {
	config := splitConfig(t)
	main := config.write()
	all := map[string]*onbu{}
	for _, line := range lines {
		args := strings.Fields(strings.Replace(line, "CONFIG", main, 1))
		all[strings.Join(args[:min(3, len(args))], " ")] = c.role(args...)
	}
	if started != nil {
		started(all)
	}
	b, r := all["broker --event-log events.ndjson"], all["receiver"]
	b.listening()
	r.listening()

	checked := func(one api.Object) bool { return one.StateType == "HARD" && one.State != "PENDING" }
	for name, want := range map[string]api.Object{
		"berlin/load": {State: "OK", Poller: "home"},
		"berlin/far":  {State: "OK", Poller: "paris"},
		"lyon/load":   {State: "CRITICAL", Poller: "paris"},
	} {
		if got := b.seen(name, "is checked", checked); got.State != want.State || got.Poller != want.Poller {
			t.Errorf("%s is %s by poller %q, want %s by %q", name, got.State, got.Poller, want.State, want.Poller)
		}
	}
	toldOf(b, config.told, "PROBLEM lyon/load it burns")
	if out, code := call(t, "status", "--http", b.Addr); code != 0 || !strings.Contains(out, "3 services: 2 OK, 1 CRITICAL") {
		t.Errorf("onbu status: exit status %d: %s", code, out)
	}
	if out, code := call(t, "explain", "--http", b.Addr, "lyon/load"); code != 0 || !strings.Contains(out, "ada PROBLEM") {
		t.Errorf("onbu explain: exit status %d: %s", code, out)
	}
	r.obey("ACKNOWLEDGE_SVC_PROBLEM;lyon;load;2;0;0;ada;I see")
	b.seen("lyon/load", "is acknowledged", func(one api.Object) bool { return one.Acknowledged })
	if out, code := call(t, "command", "--http", b.Addr, "DISABLE_NOTIFICATIONS"); code != 1 || !strings.Contains(out, "receiver") {
		t.Errorf("a command to a broker: exit status %d: %s", code, out)
	}
	for _, o := range all {
		interrupt(o)
	}
}

func splitConfig(t *testing.T) *config {
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.Command("burning", c.script("burn", "echo it burns; exit 2"))
	c.host("berlin")
	c.host("lyon")
	c.service("berlin", "load", "fine", "check_interval 2")
	c.service("berlin", "far", "fine", "check_interval 2", "poller_tag EU")
	c.service("lyon", "load", "burning", "check_interval 2", "retry_interval 1", "poller_tag EU")
	return c
}

// A bus that is too old for the journal is refused at once, with its version and what to do.
func TestOldNATSIsRefused(t *testing.T) {
	t.Parallel()
	program := realpeer.Program(t, "nats-server", "nats-server")
	c := openCluster(t)
	host, port, _ := strings.Cut(c.addr, ":")
	old := realpeer.Start(t, program, "--addr", host, "--port", port, "--jetstream", "--store_dir", t.TempDir())
	old.Listening(t, c.addr)
	if !strings.Contains(old.Output(), "2.9.") {
		realpeer.Skip(t, "the nats-server here is not Debian's 2.9")
	}
	out, code := call(t, "scheduler", "--bus", c.url, "--state", filepath.Join(t.TempDir(), "state"), "--http", "127.0.0.1:0")
	for _, want := range []string{"nats-server 2.9.", "too old", "2.14", "onbu bus"} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit status %d, want 1 with %q: %s", code, want, out)
		}
	}
}

// Passwords in the address of the bus stay out of the log.
func TestNoPasswordIsLogged(t *testing.T) {
	t.Parallel()
	one, two := openCluster(t).addr, openCluster(t).addr
	o := launch(t, "poller", "--bus", "nats://onbu:secret@"+one+",nats://onbu:secret@"+two, "--state", t.TempDir(), "--http", "")
	o.says("no bus yet, trying again")
	if log := o.Output(); strings.Contains(log, "secret") || !strings.Contains(log, one) || !strings.Contains(log, two) {
		t.Errorf("want both addresses and no password in:\n%s", log)
	}
}
