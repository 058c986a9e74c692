package nats_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/nats"
	"github.com/onbu/onbu/monitor"
)

// start starts a server in this process.
func start(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.NoLog, o.NoSigs = "127.0.0.1", true, true
	if o.Port == 0 {
		o.Port = -1
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s
}

func build(t *testing.T, set ...string) (modules.Exporter, *metrics.Set, error) {
	t.Helper()
	m := &monitor.Module{Name: "out", Type: "nats_subject", File: "x.cfg"}
	for i := 0; i < len(set); i += 2 {
		m.Settings = append(m.Settings, monitor.Setting{Name: set[i], Value: set[i+1]})
	}
	s, counters := modules.Read(m), metrics.NewSet()
	x := nats.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: counters}, modules.Outlook{})
	t.Cleanup(func() { _ = x.(modules.Closer).Close() })
	return x, counters, s.Err()
}

func module(t *testing.T, set ...string) (modules.Exporter, *metrics.Set) {
	t.Helper()
	x, counters, err := build(t, set...)
	if err != nil {
		t.Fatal(err)
	}
	return x, counters
}

func dial(t *testing.T, url string, o ...client.Option) *client.Conn {
	t.Helper()
	c, err := client.Connect(url, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func check(host, service string, at int) monitor.Brok {
	return (&monitor.Check{Ref: monitor.Ref{Host: host, Service: service}, Time: monitor.Time(at) * 1e9, Output: "fine"}).Brok()
}

func TestWhoListensHearsEverythingInOrder(t *testing.T) {
	s := start(t, &server.Options{})
	c := dial(t, s.ClientURL())
	heard, err := c.SubscribeSync("mon.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	x, counters := module(t, "url", s.ClientURL(), "subject", "mon")
	long := strings.Repeat("x", 1000)
	hash := sha256.Sum256([]byte(long))
	broks := []monitor.Brok{
		check("web01.example.org", "disk /*>", 1), check(long, "ä", 2),
		{Kind: monitor.BrokState, Status: &monitor.Status{}},
		{Kind: monitor.BrokLog, Time: 3e9, Text: "hello"},
		{Kind: monitor.BrokAlert, Time: 4e9, Status: &monitor.Status{Ref: monitor.Ref{Host: "db-1_a"}, State: monitor.Down}},
	}
	if err := x.Export(t.Context(), broks); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ subject, kind, host string }{
		{"mon.check.web01%2Eexample%2Eorg.disk%20%2F%2A%3E", "check", "web01.example.org"},
		{fmt.Sprintf("mon.check.%%%%%x.%%C3%%A4", hash[:16]), "check", long},
		{"mon.log", "log", ""},
		{"mon.alert.db-1_a", "alert", "db-1_a"},
	} {
		m, err := heard.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var e map[string]any
		if err := json.Unmarshal(m.Data, &e); err != nil {
			t.Fatal(err)
		}
		host, _ := e["host"].(string)
		if m.Subject != want.subject || e["kind"] != want.kind || host != want.host || e["v"] != 1.0 {
			t.Errorf("got %s %.100s, want %+v", m.Subject, m.Data, want)
		}
	}
	if n := counters.GetOrCreateCounter(`onbu_nats_messages_stored_total{module="out"}`).Get(); n != 0 {
		t.Errorf("%d messages are counted as stored, and there is no stream", n)
	}
}

func stream(t *testing.T, c *client.Conn, conf jetstream.StreamConfig) (js jetstream.JetStream, stored func() []string) {
	t.Helper()
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	conf.Name = "MON"
	st, err := js.CreateStream(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	return js, func() (all []string) {
		info, err := st.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for seq := range info.State.LastSeq {
			m, err := st.GetMsg(t.Context(), seq+1)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, m.Subject)
		}
		return all
	}
}

func TestWhatAStreamCoversIsStoredOnce(t *testing.T) {
	s := start(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	c := dial(t, s.ClientURL())
	_, stored := stream(t, c, jetstream.StreamConfig{Subjects: []string{"onbu.check.a.>", "onbu.log"}, MaxMsgSize: 500})
	x, counters := module(t, "url", s.ClientURL())
	large := check("a", "large", 9)
	large.Check.Output = strings.Repeat("x", 1000)
	broks := []monitor.Brok{check("a", "s", 1), check("b", "s", 2), large, {Kind: monitor.BrokLog, Text: "hello"}, check("a", "s", 3)}
	broks = append(broks, monitor.Brok{Kind: monitor.BrokLog, Text: "PASSIVE SERVICE CHECK: a;s;0;left out"})
	for range 2 { // they may come again
		if err := x.Export(t.Context(), broks); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := stored(), []string{"onbu.check.a.s", "onbu.log", "onbu.check.a.s"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	for name, want := range map[string]uint64{"stored": 6, "too_large": 2, "sent": 10} {
		if n := counters.GetOrCreateCounter(fmt.Sprintf(`onbu_nats_messages_%s_total{module="out"}`, name)).Get(); n != want {
			t.Errorf("%s: %d, want %d", name, n, want)
		}
	}
	if n := x.(modules.Refusing).Refused(); n != 2 {
		t.Errorf("%d are told as refused, want 2", n)
	}
}

func TestLinesAboutPassiveResultsAreSentOnlyIfAskedForAndSayOfWhom(t *testing.T) {
	s := start(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	_, stored := stream(t, dial(t, s.ClientURL()), jetstream.StreamConfig{Subjects: []string{"onbu.>"}})
	x, _ := module(t, "url", s.ClientURL(), "passive", "1")
	if err := x.Export(t.Context(), []monitor.Brok{{Kind: monitor.BrokLog, Text: "PASSIVE SERVICE CHECK: a;s 1;0;fine"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := stored(), []string{"onbu.log.a.s%201"}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

func TestAStreamThatIsFullHoldsUp(t *testing.T) {
	s := start(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	js, stored := stream(t, dial(t, s.ClientURL()), jetstream.StreamConfig{Subjects: []string{"onbu.>"}, MaxMsgs: 2, Discard: jetstream.DiscardNew})
	x, _ := module(t, "url", s.ClientURL())
	broks := []monitor.Brok{check("a", "1", 1), check("a", "2", 2), check("a", "3", 3)}
	if err := x.Export(t.Context(), broks); err == nil || !strings.Contains(err.Error(), "maximum messages") {
		t.Errorf("got %v", err)
	}
	if _, err := js.UpdateStream(t.Context(), jetstream.StreamConfig{Name: "MON", Subjects: []string{"onbu.>"}, MaxMsgs: 20, Discard: jetstream.DiscardNew}); err != nil {
		t.Fatal(err)
	}
	if err := x.Export(t.Context(), broks); err != nil {
		t.Fatal(err)
	}
	if got := stored(); len(got) != 3 {
		t.Errorf("stored %q", got)
	}
}

func TestWithoutTheStreamThatHasToBeThereNothingIsSent(t *testing.T) {
	s := start(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	x, _ := module(t, "url", s.ClientURL(), "jetstream", "yes")
	if err := x.Export(t.Context(), []monitor.Brok{check("a", "1", 1)}); err == nil || !strings.Contains(err.Error(), "no stream") {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsTakenAsSentThatTheServerRefuses(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, &server.Options{Users: []*server.User{{
		Username: "onbu", Password: "geheim", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{"onbu.log"}}},
	}}})
	x, _ := module(t, "url", s.ClientURL(), "username", "onbu", "password_file", secret)
	if err := x.Export(t.Context(), []monitor.Brok{{Kind: monitor.BrokLog, Text: "x"}}); err != nil {
		t.Errorf("what is allowed: %v", err)
	}
	if err := x.Export(t.Context(), []monitor.Brok{check("a", "1", 1)}); err == nil || !strings.Contains(err.Error(), "ermissions") {
		t.Errorf("what is not allowed: %v", err)
	}
	wrong, _ := module(t, "url", s.ClientURL(), "username", "onbu", "password", "geraten")
	if err := wrong.Export(t.Context(), []monitor.Brok{check("a", "1", 1)}); err == nil || strings.Contains(err.Error(), "geraten") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestAServerThatComesBackGetsWhatItMissed(t *testing.T) {
	o := &server.Options{JetStream: true, StoreDir: t.TempDir()}
	s := start(t, o)
	url := s.ClientURL()
	stream(t, dial(t, url), jetstream.StreamConfig{Subjects: []string{"onbu.>"}})
	x, _ := module(t, "url", url, "timeout", "2s")
	if err := x.Export(t.Context(), []monitor.Brok{check("a", "1", 1)}); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.WaitForShutdown()
	if err := x.Export(t.Context(), []monitor.Brok{check("a", "2", 2)}); err == nil {
		t.Error("no error without a server")
	}
	start(t, o) // its port is that of before
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for x.Export(ctx, []monitor.Brok{check("a", "2", 2)}) != nil {
		if ctx.Err() != nil {
			t.Fatal("it never comes through")
		}
	}
	js, err := jetstream.New(dial(t, url))
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.Stream(t.Context(), "MON")
	if err != nil {
		t.Fatal(err)
	}
	if n := info.CachedInfo().State.Msgs; n != 2 {
		t.Errorf("%d messages are stored, want 2", n)
	}
}

func TestMistakesAreToldWithoutSecrets(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{"url", "127.0.0.1:4222"}, "write nats://HOST:PORT"},
		{[]string{"url", "nats://geheim@h:4222"}, "do not belong into it"},
		{[]string{"subject", "a.*"}, "without wildcards"},
		{[]string{"subject", ""}, "without wildcards"},
		{[]string{"events", "0", "checks", "0"}, "nothing would be sent"},
		{[]string{"username", "a", "token", "geheim"}, "write one of"},
		{[]string{"jetstream", "maybe"}, "jetstream is"},
	} {
		if _, _, err := build(t, c.set...); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v, want %q", c.set, err, c.want)
		}
	}
}

func TestAnEndIsHeededWhileTheServerSaysNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m, _ := module(t, "url", "nats://"+l.Addr().String(), "timeout", "3s")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if c, err := l.Accept(); err == nil {
			defer c.Close()
			cancel()
			<-t.Context().Done()
		}
	}()
	if err := m.Export(ctx, []monitor.Brok{check("web", "disk", 1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
