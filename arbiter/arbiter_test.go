package arbiter_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const shards = 4

// files is a configuration in a folder of its own; hosts are added to what every configuration needs.
type files struct{ main, objects string }

func newFiles(t *testing.T, hosts ...string) files {
	t.Helper()
	dir := t.TempDir()
	f := files{main: filepath.Join(dir, "main.cfg"), objects: filepath.Join(dir, "objects.cfg")}
	f.hosts(t, hosts...)
	return f
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// append adds to the objects.
func (f files) append(t *testing.T, text string) {
	t.Helper()
	old, err := os.ReadFile(f.objects)
	if err != nil {
		t.Fatal(err)
	}
	put(t, f.objects, string(old)+text)
}

// hosts writes the objects anew.
func (f files) hosts(t *testing.T, names ...string) {
	t.Helper()
	_, err := objectstest.Write(filepath.Dir(f.main), filepath.Base(f.main), nil, func(o *objectstest.Text) {
		o.Basis("ann", "/bin/true")
		o.Command("x", "/bin/true")
		for _, name := range names {
			o.Host(name, "ann", "address 127.0.0.1", "max_check_attempts 3")
			o.Service(name, "s", "x", "ann")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// started is an arbiter at work.
type started struct {
	t      *testing.T
	bus    bus.Conn
	reload chan struct{}
	log    *logtest.Log
	ended  chan struct{}
	err    error // of Run, once it has ended
	cancel context.CancelFunc
	a      *arbiter.Arbiter
}

func start(t *testing.T, c bus.Conn, f files) *started {
	t.Helper()
	return startNamed(t, c, "", f)
}

func startNamed(t *testing.T, c bus.Conn, name string, f files) *started {
	t.Helper()
	s := &started{t: t, bus: c, reload: make(chan struct{}), log: &logtest.Log{}, ended: make(chan struct{})}
	s.run(arbiter.Options{Bus: c, Name: name, Main: f.main, Shards: shards, Reload: s.reload, Log: slog.New(slog.NewTextHandler(s.log, nil))})
	return s
}

func (s *started) run(o arbiter.Options) {
	a := arbiter.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.a = cancel, a
	go func() {
		defer close(s.ended)
		s.err = a.Run(ctx)
	}()
	synctest.Wait()
}

// failed gives why Run ended by itself; nil while it works.
func (s *started) failed() error {
	select {
	case <-s.ended:
		return fmt.Errorf("the arbiter ended: %w", s.err)
	default:
		return nil
	}
}

// again asks for a reload and waits until it is done.
func (s *started) again() {
	s.t.Helper()
	if err := s.failed(); err != nil {
		s.t.Fatal(err)
	}
	s.reload <- struct{}{}
	synctest.Wait()
}

// stop ends the arbiter and gives what Run returned.
func (s *started) stop() error {
	s.cancel()
	<-s.ended
	return s.err
}

// inForce gives the generation in force.
func (s *started) inForce() wire.Generation {
	s.t.Helper()
	e, err := s.bus.Get(s.t.Context(), bus.CFG, "current")
	if err != nil {
		s.t.Fatal(err, s.failed())
	}
	var g wire.Generation
	if err := wire.Unmarshal(e.Value, &g); err != nil {
		s.t.Fatal(err)
	}
	return g
}

// stored gives the hosts of a generation by shard, out of its inventories, and checks its directory against them.
func (s *started) stored(generation uint64) map[string]monitor.Shard {
	s.t.Helper()
	hosts, g := map[string]monitor.Shard{}, s.inForce()
	if g.Number != generation {
		s.t.Fatalf("generation %d is in force, want %d", g.Number, generation)
	}
	for shard := range monitor.Shard(shards) {
		var inv monitor.Inventory
		s.blob(wire.InventoryName(g.Stand(shard), shard), &inv)
		if inv.Generation != g.Stand(shard) || inv.Shard != shard || inv.Shards != shards {
			s.t.Errorf("%s holds generation %d, shard %d of %d", wire.InventoryName(generation, shard), inv.Generation, inv.Shard, inv.Shards)
		}
		for i := range inv.Hosts {
			hosts[inv.Hosts[i].Name] = shard
		}
	}
	var d monitor.Directory
	s.blob(wire.DirectoryName(generation), &d)
	if diff := cmp.Diff(monitor.Directory{Generation: generation, Shards: shards, Hosts: hosts}, d); diff != "" {
		s.t.Error(diff)
	}
	return hosts
}

func (s *started) blob(name string, into any) {
	s.t.Helper()
	data, err := s.bus.Blob(s.t.Context(), bus.CFG, name)
	if err == nil {
		err = wire.Unmarshal(data, into)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
}

// generations gives the numbers of which blobs are stored.
func (s *started) generations() map[uint64]int {
	s.t.Helper()
	names, err := s.bus.BlobNames(s.t.Context(), bus.CFG)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[uint64]int{}
	for _, name := range names {
		var n uint64
		if _, err := fmt.Sscanf(name, "gen.%d.", &n); err != nil {
			s.t.Errorf("a blob called %q", name)
		}
		out[n]++
	}
	return out
}

func TestAChangedConfigurationIsANewGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a", "b", "c")
		s := start(t, membus.New().Connect("arbiter"), f)
		first := s.inForce()
		if first.Number != 1 || first.Shards != shards || first.Hash == "" || first.Source != f.main {
			t.Errorf("in force at the start: %+v", first)
		}
		before := s.stored(1)
		if len(before) != 3 {
			t.Errorf("hosts of generation 1: %v", before)
		}
		s.again()
		if got := s.inForce(); !cmp.Equal(got, first) {
			t.Errorf("unchanged files gave %+v, want %+v", got, first)
		}
		f.hosts(t, "d", "a", "c")
		s.again()
		second := s.inForce()
		if second.Number != 2 || second.Hash == first.Hash {
			t.Errorf("changed files gave %+v after %+v", second, first)
		}
		after := s.stored(2)
		if len(after) != 3 || after["a"] != before["a"] || after["c"] != before["c"] {
			t.Errorf("hosts were at %v and are at %v: a and c should stay where they were", before, after)
		}
		if err := s.stop(); err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestARestartKeepsTheGenerationOfUnchangedFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, b := newFiles(t, "a", "b", "c"), membus.New()
		s := start(t, b.Connect("first"), f)
		first := s.inForce()
		s.stop()
		s = start(t, b.Connect("second"), f)
		first.Epoch++
		if got := s.inForce(); !cmp.Equal(got, first) {
			t.Errorf("after a restart %+v is in force, before it was %+v", got, first)
		}
		s.stop()
	})
}

func TestTheNumberOfShardsStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, b := newFiles(t, "a", "b"), membus.New()
		s := start(t, b.Connect("first"), f)
		first := s.inForce()
		s.stop()
		run := func(number int) error {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			o := arbiter.Options{Bus: b.Connect("later"), Main: f.main, Shards: number, Log: slog.New(slog.DiscardHandler)}
			go func() { ended <- arbiter.New(o).Run(ctx) }()
			synctest.Wait()
			cancel()
			return <-ended
		}
		if err := run(shards + 1); err == nil || !strings.Contains(err.Error(), "cannot be changed") {
			t.Errorf("another number of shards: %v", err)
		}
		if err := run(0); err != nil {
			t.Errorf("no number of shards: %v", err)
		}
		first.Epoch += 2
		if got := s.inForce(); !cmp.Equal(got, first) {
			t.Errorf("in force is %+v, was %+v", got, first)
		}
	})
}

func TestOldGenerationsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "h0")
		s := start(t, membus.New().Connect("arbiter"), f)
		for i := 1; i < 6; i++ {
			f.hosts(t, fmt.Sprint("h", i))
			s.again()
		}
		counts := s.generations()
		for n, want := range map[uint64]int{4: 2, 5: 2, 6: 2} {
			if counts[n] < want+1 {
				t.Errorf("of generation %d %d blobs are stored, want its directory, what is said of payloads, and what changed", n, counts[n])
			}
			delete(counts, n)
		}
		for n, blobs := range counts {
			for _, stand := range s.inForce().Stands {
				if stand == n {
					blobs--
				}
			}
			if blobs != 0 {
				t.Errorf("of generation %d %d blobs are stored that nobody loads", n, blobs)
			}
		}
		if n := len(s.stored(6)); n != 1 {
			t.Errorf("%d hosts", n)
		}
		s.stop()
	})
}

func TestABrokenConfigurationNeverReplacesAGoodOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a", "b")
		s := start(t, membus.New().Connect("arbiter"), f)
		first := s.inForce()
		put(t, f.objects, "define host {\n host_name a\n use nothing\n}\ndefine service {\n service_description s\n host_name nobody\n}\n")
		s.again()
		if got := s.inForce(); !cmp.Equal(got, first) {
			t.Errorf("a broken configuration gave %+v", got)
		}
		for _, want := range []string{"objects.cfg:3: ", "objects.cfg:7: ", "goes on"} {
			if !strings.Contains(s.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, s.log)
			}
		}
		f.hosts(t, "a", "b", "c")
		s.again()
		if got := s.inForce(); got.Number != 2 {
			t.Errorf("the mended files gave generation %d", got.Number)
		}
		s.stop()
		put(t, f.objects, "define nonsense {\n}\n")
		s = start(t, s.bus, f)
		if got := s.inForce(); got.Number != 2 {
			t.Errorf("broken files at a start left generation %d in force, want 2 as before", got.Number)
		}
		if text := s.log.String(); !strings.Contains(text, "objects.cfg:1: ") || !strings.Contains(text, "NOT in force") || len(s.a.Troubles()) != 1 {
			t.Errorf("after a start with broken files the arbiter says %q and logs:\n%s", s.a.Troubles(), text)
		}
		f.hosts(t, "a", "b", "c")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s.a.Troubles() != nil || s.a.Load()["files_differ"] != 0 || !strings.Contains(s.log.String(), "are again those in force") {
			t.Errorf("with the files that are in force again the arbiter says %q, load %v, and logs:\n%s", s.a.Troubles(), s.a.Load(), s.log)
		}
		put(t, f.objects, "define nonsense {\n}\n")
		if err := s.stop(); err != nil {
			t.Errorf("it ended with %v", err)
		}
		s = start(t, membus.New().Connect("arbiter"), f)
		if err := s.stop(); err == nil || !strings.Contains(err.Error(), "objects.cfg:1: ") {
			t.Errorf("with broken files, and nothing in force, it started: %v", err)
		}
	})
}

// forgetful is a connection that cannot list blobs.
type forgetful struct{ bus.Conn }

func (forgetful) BlobNames(context.Context, bus.Bucket) ([]string, error) {
	return nil, errors.New("no list today")
}

func TestWhatCannotBeForgottenDoesNotHoldUpTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, forgetful{membus.New().Connect("arbiter")}, newFiles(t, "a"))
		if got := s.inForce().Number; got != 1 {
			t.Errorf("generation %d in force", got)
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(s.log.String(), "no list today") {
			t.Errorf("the log says nothing of it: %s", s.log)
		}
	})
}

func TestWhoAsksForAReloadHearsWhatCameOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a", "b")
		c := membus.New().Connect("test")
		s := start(t, c, f)
		first := s.inForce().Number
		ask := func() string {
			t.Helper()
			data, err := c.Request(t.Context(), bus.Reload(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var v wire.Verdict
			if err := wire.Unmarshal(data, &v); err != nil {
				t.Fatal(err)
			}
			return v.Refused
		}
		f.hosts(t, "a", "b", "c")
		if refused := ask(); refused != "" || s.inForce().Number != first+1 {
			t.Errorf("refused with %q, generation %d after %d", refused, s.inForce().Number, first)
		}
		f.hosts(t, "a", "a")
		if refused := ask(); !strings.Contains(refused, "hosts.cfg:") && !strings.Contains(refused, ".cfg:") {
			t.Errorf("a mistake is answered with %q, without its place", refused)
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatBecomesOfPayloadsIsAPartOfTheGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a")
		s := start(t, membus.New().Connect("arbiter"), f)
		var before, after monitor.Piggyback
		s.blob(wire.PiggybackName(1), &before)
		if diff := cmp.Diff(monitor.Piggyback{}, before); diff != "" {
			t.Error(diff)
		}
		f.append(t, "define piggyback_policy {\n policy_name all\n piggyback expect\n max_age 90\n validity_state warning\n}\n")
		s.again()
		if got := s.inForce().Number; got != 2 {
			t.Fatalf("generation %d is in force, want 2: %s", got, s.log)
		}
		s.blob(wire.PiggybackName(2), &after)
		age, state := 90*time.Second, monitor.Warning
		want := monitor.Piggyback{Policies: []monitor.PiggybackPolicy{{Name: "all", Use: monitor.UseExpect, MaxAge: &age, ValidityState: &state}}}
		if diff := cmp.Diff(want, after); diff != "" {
			t.Error(diff)
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}
