package natsbus_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/keys"
)

// guarded is a bus with keys, on which everything is prepared.
type guarded struct {
	t      *testing.T
	vault  *keys.Vault
	server *natsbus.Server
	inside *natsbus.Conn
	folder string // of the server's keys
}

func newGuarded(t *testing.T) *guarded {
	v, err := keys.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{t: t, vault: v, folder: filepath.Join(t.TempDir(), "server")}
	g.hand(g.folder, "bus1", []string{"127.0.0.1"}, keys.Server)
	g.server, err = natsbus.StartServer(natsbus.ServerOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0", Keys: g.open(g.folder)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.server.Close() })
	if g.inside, err = g.server.Connect(t.Context(), natsbus.Options{Name: "inside"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.inside.Close() })
	if err := g.inside.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *guarded) hand(dir, name string, addresses []string, roles ...bus.Role) {
	g.t.Helper()
	who, err := keys.NewIdentity(name, roles...)
	if err == nil {
		err = g.vault.Hand(dir, keys.Grant{Identity: who, Addresses: addresses}, true, time.Now())
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *guarded) open(dir string) *keys.Ring {
	g.t.Helper()
	r, err := keys.Open(dir, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

// daemon connects a daemon as natsbus does.
func (g *guarded) daemon(name string, roles ...bus.Role) *natsbus.Conn {
	g.t.Helper()
	dir := filepath.Join(g.t.TempDir(), name)
	g.hand(dir, name, nil, roles...)
	c, err := natsbus.Connect(g.t.Context(), g.server.URL(), natsbus.Options{Name: name, Keys: g.open(dir)})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.Close() })
	return c
}

// raw is a daemon that was taken over: it has the certificate, and sends what it likes.
type raw struct {
	*nats.Conn
	mu      sync.Mutex
	refused []string
}

func (g *guarded) raw(name string, roles ...bus.Role) *raw {
	g.t.Helper()
	dir := filepath.Join(g.t.TempDir(), name)
	g.hand(dir, name, nil, roles...)
	r := &raw{}
	var err error
	r.Conn, err = nats.Connect(g.server.URL(), nats.Secure(g.open(dir).Client()), nats.CustomInboxPrefix(natsbus.InboxOf(name)),
		nats.MaxReconnects(3), nats.ReconnectWait(50*time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.refused = append(r.refused, err.Error())
		}))
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(r.Close)
	return r
}

// wasRefused says whether the bus refused something on a subject.
func (r *raw) wasRefused(subject string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.refused, func(text string) bool { return strings.Contains(text, `"`+subject+`"`) })
}

// Each is what somebody who has taken over one daemon would try.
func TestADaemonThatWasTakenOverDoesNoMoreThanItsRole(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	x := bus.Token("x")
	for role, deeds := range map[bus.Role]struct{ publish, subscribe []string }{
		bus.Poller: {[]string{
			"pas.3." + x, "res.3." + bus.Token("other"), "ev.3.state", "own.3", "cmd.3", "done.3", "job." + x, "$KV.CFG.current", "$KV.LEASE.shard.3",
			"$KV.HB.poller." + bus.Token("other"), "$KV.HB.scheduler." + x, "$JS.API.STREAM.DELETE.EV", "$JS.API.STREAM.PURGE.EV", "$JS.API.STREAM.PURGE.RES",
			"$JS.API.CONSUMER.CREATE.EV.c.ev.>", "$JS.API.STREAM.MSG.GET.BLOB_SNAP", "$JS.API.STREAM.MSG.GET.EV", "$JS.API.DIRECT.GET.KV_LEASE.$KV.LEASE.shard.3",
			"$JS.API.STREAM.SNAPSHOT.EV", "$JS.API.STREAM.RESTORE.X", "$JS.API.STREAM.CREATE.X", "$JS.API.STREAM.UPDATE.EV", "$JS.ACK.PASSIVE.passive-3.1.1.1.1.1",
			"_INBOX_" + bus.Token("other") + ".a", "$JS.API.META.LEADER.STEPDOWN", "$SYS.REQ.SERVER.PING",
		}, []string{"_INBOX.>", "_INBOX_*.>", "_INBOX_" + bus.Token("other") + ".>", "job.*", "job." + bus.Token("other"), "want.*", ">", "$KV.>", "ev.>", "cmd.>", "pas.>", "$SYS.>", "$JS.>"}},
		bus.Receiver: {[]string{
			"ev.3.state", "own.3", "res.3." + x, "pas.3." + bus.Token("other"), "done.3", "$JS.API.STREAM.MSG.GET.BLOB_SNAP", "$JS.API.DIRECT.GET.BLOB_SNAP",
			"$JS.API.STREAM.INFO.EV", "$KV.CFG.current", "$BLOB.CFG.m.x", "$JS.API.STREAM.DELETE.PASSIVE", "$JS.API.STREAM.PURGE.PASSIVE", "$JS.API.CONSUMER.MSG.NEXT.PASSIVE.passive-3",
		}, []string{"alive.*", "job.>", "_INBOX.>", "_INBOX_*.>", "ev.>"}},
		bus.Reactionner: {[]string{
			"ev.3.action.x", "own.3", "cmd.3", "pas.3." + x, "$KV.CFG.current", "$KV.LEASE.shard.3", "$JS.API.STREAM.PURGE.EV", "$JS.API.CONSUMER.CREATE.EV.c",
			"$JS.API.CONSUMER.CREATE.EV.c.ev.>", "$JS.API.CONSUMER.DELETE.EV.c", "$JS.API.STREAM.MSG.GET.EV", "$JS.API.DIRECT.GET.EV", "$JS.ACK.PASSIVE.passive-3.1.1.1.1.1",
		}, []string{"ev.>", "cmd.>", "want.*", "_INBOX_*.>"}},
		bus.Scheduler: {[]string{
			"res.3." + x, "done.3", "$KV.CFG.current", "$BLOB.CFG.m.x", "$JS.API.STREAM.DELETE.EV", "$JS.API.STREAM.PURGE.EV", "$JS.API.STREAM.PURGE.PASSIVE",
			"$KV.CLAIM.x", "$KV.FEED.all.x", "$JS.API.STREAM.UPDATE.EV", "$JS.ACK.EV.react-x.1.1.1.1.1",
		}, []string{"job.*", "_INBOX_*.>", "ev.>", "$KV.LEASE.>"}},
		bus.Broker: {[]string{
			"ev.3.state", "own.3", "done.3", "res.3." + x, "$KV.CFG.current", "$BLOB.CFG.m.x", "$KV.LEASE.shard.3", "$KV.LEASE.role.arbiter", "$JS.API.STREAM.PURGE.EV", "$JS.API.STREAM.DELETE.EV",
			"$JS.API.STREAM.MSG.GET.BLOB_SNAP", "$JS.ACK.EV.react-x.1.1.1.1.1",
		}, []string{"job.*", "want.*", "_INBOX_*.>", "alive.*"}},
		bus.Arbiter: {[]string{
			"ev.3.state", "own.3", "cmd.3", "pas.3." + x, "res.3." + x, "done.3", "$KV.LEASE.shard.3", "$KV.CLAIM.x", "$JS.API.STREAM.DELETE.EV", "$JS.API.STREAM.PURGE.EV", "$JS.API.STREAM.MSG.DELETE.EV",
		}, []string{"job.*", "_INBOX_*.>", "ev.>"}},
	} {
		t.Run(string(role), func(t *testing.T) {
			r := g.raw("x", role)
			for _, s := range deeds.publish {
				if err := r.Publish(s, []byte("{}")); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range deeds.subscribe {
				if _, err := r.SubscribeSync(s); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Flush(); err != nil {
				t.Fatal(err)
			}
			within(t, func() bool { return r.wasRefused(deeds.subscribe[len(deeds.subscribe)-1]) })
			for _, s := range append(deeds.publish, deeds.subscribe...) {
				if !r.wasRefused(s) {
					t.Errorf("it may use %s", s)
				}
			}
		})
	}
}

// within waits for what must happen.
func within(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}

// Whoever answers does so with its own rights: nobody may choose for it where that writes.
func TestAnAnswerGoesWhereAnswersAreAwaitedAndNowhereElse(t *testing.T) {
	t.Parallel()
	url := plainServer(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	c, err := natsbus.Connect(t.Context(), url, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	heard := make(chan bus.Msg, 10)
	stop, err := c.Subscribe(bus.Ask(3), func(m bus.Msg) { heard <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	asks, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer asks.Close()
	for _, where := range []string{"own.3", "$JS.API.STREAM.DELETE.EV", "$KV.LEASE.shard.3"} {
		if err := asks.PublishRequest(string(bus.Ask(3)), where, nil); err != nil {
			t.Fatal(err)
		}
		if m := <-heard; m.Reply != nil {
			t.Errorf("it would answer to %s", where)
		}
	}
	asked := make(chan error, 1)
	go func() { asked <- (<-heard).Reply([]byte("fine")) }()
	if m, err := asks.Request(string(bus.Ask(3)), nil, 10*time.Second); err != nil || string(m.Data) != "fine" {
		t.Errorf("got %v, %v", m, err)
	}
	if err := <-asked; err != nil {
		t.Error(err)
	}
}

// The server acknowledges, looks up and pushes with rights of its own, wherever it is told to: that would be a way round
// every right.
func TestNobodyHasTheServerWriteForIt(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	x := bus.Token("x")
	if _, err := g.inside.Put(t.Context(), bus.CFG, "current", []byte("good"), 0); err != nil {
		t.Fatal(err)
	}
	const push = `{"stream_name":"KV_CFG","config":{"name":"c","Deliver_Subject":"own.3","filter_subject":"$KV.CFG.current","ack_policy":"none"}}`
	header := nats.Header{"a": {"b"}}
	for name, m := range map[string]*nats.Msg{
		"an acknowledgement as a claim":            {Subject: "res.3." + x, Reply: "own.3"},
		"an acknowledgement as a command":          {Subject: "res.3." + x, Reply: "cmd.3", Header: header},
		"an acknowledgement as the configuration":  {Subject: "res.3." + x, Reply: "$KV.CFG.current"},
		"a payload of its own as a command":        {Subject: "$JS.API.DIRECT.GET.PB", Reply: "cmd.3", Data: []byte(`{"last_by_subj":"pb.>"}`)},
		"an answer in the inbox of another":        {Subject: "res.3." + x, Reply: natsbus.InboxOf("other") + ".1"},
		"an answer in an inbox that begins as its": {Subject: "res.3." + x, Reply: natsbus.InboxOf("x") + "0.1"},
		"a consumer that pushes":                   {Subject: "$JS.API.CONSUMER.CREATE.KV_CFG.c.$KV.CFG.current", Reply: natsbus.InboxOf("x") + ".1", Data: []byte(push)},
		"a consumer asked for with headers":        {Subject: "$JS.API.CONSUMER.CREATE.KV_CFG.c.$KV.CFG.current", Reply: natsbus.InboxOf("x") + ".1", Data: []byte(push), Header: header},
	} {
		t.Run(name, func(t *testing.T) {
			r := g.raw("x", bus.Poller)
			out := make(chan error, 10)
			r.SetDisconnectErrHandler(func(_ *nats.Conn, err error) { out <- err })
			if err := r.PublishMsg(m); err != nil {
				t.Fatal(err)
			}
			<-out // it is put out
		})
	}
	for stream, want := range map[bus.Stream]uint64{bus.EV: 0, bus.CMD: 0, bus.PASSIVE: 0} {
		if x, err := g.inside.Extent(t.Context(), stream, 0); err != nil || x.Last != want {
			t.Errorf("%s holds %d messages, %v", stream, x.Last, err)
		}
	}
	if e, err := g.inside.Get(t.Context(), bus.CFG, "current"); err != nil || string(e.Value) != "good" {
		t.Errorf("the configuration in force is %q, %v", e.Value, err)
	}
}

func TestOnlyCertificatesOfTheAuthorityAreLetIn(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	other := newGuarded(t)
	dir := t.TempDir()
	other.hand(filepath.Join(dir, "stranger"), "p1", nil, bus.Poller)
	g.hand(filepath.Join(dir, "server"), "bus2", []string{"bus2"}, keys.Server)
	g.hand(filepath.Join(dir, "poller"), "p1", nil, bus.Poller)
	for name, want := range map[string]bool{"stranger": false, "server": false, "poller": true} {
		c := g.open(filepath.Join(dir, name)).Client()
		if name == "stranger" { // it may trust whom it likes
			c.RootCAs, c.VerifyConnection = g.open(filepath.Join(dir, "poller")).Client().RootCAs, nil
		}
		nc, err := nats.Connect(g.server.URL(), nats.Secure(c))
		if (err == nil) != want {
			t.Errorf("%s: got %v", name, err)
		}
		if err == nil {
			nc.Close()
		}
	}
	if nc, err := nats.Connect(g.server.URL(), nats.UserInfo("inside", "guess"), nats.Secure(g.open(filepath.Join(dir, "server")).Client())); err == nil {
		nc.Close()
		t.Error("somebody without a daemon's certificate got in by the name of this process's own connections")
	}
}

func TestWhoWasRevokedIsPutOutAndStaysOut(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	told := make(chan string, 16)
	g.inside.Chronicle(func(kind, about, why string) { told <- kind + " " + about + ": " + why })
	bad, good := g.raw("p1", bus.Poller), g.raw("p2", bus.Poller)
	gone := make(chan struct{})
	bad.SetClosedHandler(func(*nats.Conn) { close(gone) })
	bad.SetDisconnectErrHandler(func(*nats.Conn, error) {})
	late := filepath.Join(t.TempDir(), "p3")
	g.hand(late, "p3", nil, bus.Poller)
	for _, name := range []string{"p1", "p3"} {
		if n, err := g.vault.Revoke(name, time.Now()); n != 1 || err != nil {
			t.Fatalf("revoked %d of %s, %v", n, name, err)
		}
	}
	list, err := g.vault.Revocations()
	if err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(g.folder, keys.RevokedFile), list)
	<-gone // it was put out, and nats.go has given up trying
	if !good.IsConnected() || good.Reconnects > 0 {
		t.Error("another daemon was put out")
	}
	if got, want := <-told, "right-refused p1 (poller): it is put out: its certificate was revoked or has ended"; got != want {
		t.Errorf("the cluster log has %q, want %q", got, want)
	}
	go func() {
		_, _ = natsbus.Connect(t.Context(), g.server.URL(), natsbus.Options{Name: "p3", Keys: g.open(late)})
	}()
	if got, want := <-told, "right-refused p3 (poller): it is not let in, from 127.0.0.1:"; !strings.HasPrefix(got, want) {
		t.Errorf("the cluster log has %q, want %q", got, want)
	}
	g.daemon("p1", bus.Poller) // a new certificate for the same name counts
}

func TestADaemonsDutiesGoThroughWithItsRights(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s := g.daemon("s1", bus.Scheduler)
	f, err := s.Claim(ctx, 3, []byte("me"))
	if err == nil {
		_, err = s.Commit(ctx, f, "1", []bus.Record{{Subject: bus.States(3), Data: []byte("a")}, {Subject: bus.Quiet(3), Data: []byte("b"), TTL: time.Minute}})
	}
	if err == nil {
		err = s.PutBlob(ctx, bus.SNAP, "snap", bytes.Repeat([]byte("x"), 1<<20))
	}
	if err == nil {
		_, err = s.Blob(ctx, bus.SNAP, "snap")
	}
	if err != nil {
		t.Error(err)
	}
	p := g.daemon("p1", bus.Poller)
	if err := p.Append(ctx, bus.Results(3, "p1"), []byte("r"), ""); err != nil {
		t.Error(err)
	}
	short, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if err := p.Append(short, bus.Results(3, "p2"), []byte("r"), ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("results in the name of another: got %v", err)
	}
	if p.Refused() == 0 || p.Healthy() == nil || s.Refused() != 0 || s.Healthy() != nil {
		t.Errorf("the poller was refused %d times (%v), the scheduler %d times (%v)", p.Refused(), p.Healthy(), s.Refused(), s.Healthy())
	}
}

// replace puts another file in the place of one, with another time of change.
func replace(t *testing.T, path string, text []byte) {
	t.Helper()
	later := time.Now().Add(time.Second)
	err := errors.Join(os.WriteFile(path+".new", text, 0o600), os.Chtimes(path+".new", later, later), os.Rename(path+".new", path))
	if err != nil {
		t.Fatal(err)
	}
}

func TestABusThatOthersReachIsClosedUnlessItHasKeysOrIsToBeOpen(t *testing.T) {
	t.Parallel()
	beside := &natsbus.Cluster{Listen: "0.0.0.0:0", Join: []string{"192.0.2.1:6222"}}
	for name, o := range map[string]natsbus.ServerOptions{
		"all addresses": {Listen: "0.0.0.0:0"}, "all addresses of IPv6": {Listen: "[::]:0"}, "no address": {Listen: ":0"}, "a name": {Listen: "bus.example.org:0"},
		"the port between servers": {Listen: "127.0.0.1:0", Cluster: beside, Name: "a"},
	} {
		o.Dir = t.TempDir()
		s, err := natsbus.StartServer(o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "--keys") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: t.TempDir(), Listen: "0.0.0.0:0", Open: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestServersOfAClusterKnowEachOtherByTheirCertificates(t *testing.T) {
	t.Parallel()
	g := &guarded{t: t}
	var err error
	if g.vault, err = keys.Create(t.TempDir(), time.Now()); err != nil {
		t.Fatal(err)
	}
	c := startTrioWith(t, func(i int, o *natsbus.ServerOptions) {
		dir := filepath.Join(t.TempDir(), "keys")
		g.hand(dir, o.Name, []string{"127.0.0.1"}, keys.Server)
		o.Keys = g.open(dir)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if err := c.connect(t, 0, "inside").Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	g.server = c.servers[1]
	if _, err := g.daemon("s1", bus.Scheduler).Claim(ctx, 3, []byte("me")); err != nil {
		t.Error(err)
	}
}

func TestADaemonWithoutKeysIsToldOfThem(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	c, err := natsbus.Connect(t.Context(), g.server.URL(), natsbus.Options{Name: "p1"})
	if err == nil {
		c.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "it wants --keys") {
		t.Error(err)
	}
}

func TestADaemonThatWasRevokedSaysSo(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	c := g.daemon("p1", bus.Poller)
	_, err := g.vault.Revoke("p1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	list, err := g.vault.Revocations()
	if err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(g.folder, keys.RevokedFile), list)
	const want = "it does not take our certificate"
	for said := ""; !strings.Contains(said, want); {
		short, end := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := c.Ready(short); err != nil {
			said = err.Error()
		}
		end()
		if t.Context().Err() != nil {
			t.Fatalf("it says only %q", said)
		}
	}
}
