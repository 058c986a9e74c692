package arbiter_test

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

// show has a daemon say which generation it works with.
func show(t *testing.T, c bus.Conn, role, name string, generation uint64) {
	t.Helper()
	key := bus.BeatKey(role, name)
	e, _ := c.Get(t.Context(), bus.HB, key)
	h := wire.Heartbeat{Role: role, Name: name, Generation: generation}
	if _, err := c.Put(t.Context(), bus.HB, key, wire.Marshal(h), e.Revision); err != nil {
		t.Fatal(err)
	}
}

// askReload asks for a reload and gives how long the answer took.
func askReload(t *testing.T, c bus.Conn, check bool) (*api.Reload, time.Duration, error) {
	t.Helper()
	began := time.Now()
	r, err := nodes.AskReload(t.Context(), c, check, "a test")
	return r, time.Since(began), err
}

func TestAReloadIsAnsweredWhenEveryDaemonWorksWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFiles(t, "a", "b"), membus.New().Connect("test")
		s := start(t, c, f)
		show(t, c, "scheduler", "one", 1)
		show(t, c, "receiver", "one", 1)
		show(t, c, "poller", "one", 0) // reads no configuration
		f.hosts(t, "a", "b", "c")
		go func() {
			time.Sleep(700 * time.Millisecond)
			show(t, c, "receiver", "one", 2)
			time.Sleep(300 * time.Millisecond)
			show(t, c, "scheduler", "one", 2)
		}()
		r, took, err := askReload(t, c, false)
		if err != nil || took < time.Second || took > 1200*time.Millisecond {
			t.Fatalf("answered after %s with %v", took, err)
		}
		r.Seconds = 0
		want := &api.Reload{
			Arbiter: "arbiter", Main: f.main, Generation: 2, Changed: 1, Shards: shards, Hosts: 3, Services: 3,
			Daemons: []api.Adopted{{Role: "receiver", Node: "one", Generation: 2}, {Role: "scheduler", Node: "one", Generation: 2}},
		}
		want.Warnings = r.Warnings // they are not what this is about
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		s.stop()
	})
}

func TestAReloadNamesWhoIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFiles(t, "a", "b"), membus.New().Connect("test")
		s := start(t, c, f)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { // a heartbeat comes again and again, but nothing new in it
			defer close(ended)
			for ctx.Err() == nil {
				show(t, c, "scheduler", "slow", 1)
				select {
				case <-ctx.Done():
				case <-time.After(5 * time.Second):
				}
			}
		}()
		synctest.Wait()
		f.hosts(t, "a", "b", "c")
		r, took, err := askReload(t, c, false)
		if err != nil || took < 15*time.Second || took > 16*time.Second {
			t.Fatalf("answered after %s with %v", took, err)
		}
		if diff := cmp.Diff([]api.Adopted{{Role: "scheduler", Node: "slow", Generation: 1}}, r.Late()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		cancel()
		<-ended
		s.stop()
	})
}

func TestACheckSaysWhatWouldChangeAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFiles(t, "a", "b"), membus.New().Connect("test")
		s := start(t, c, f)
		before := s.inForce()
		f.hosts(t, "a", "b", "c")
		if r, _, err := askReload(t, c, true); err != nil || r.Changed != 1 || r.Hosts != 3 || r.Generation != 1 {
			t.Errorf("a check of good files gave %+v, %v", r, err)
		}
		put(t, f.objects, "define host {\n host_name a\n use nothing\n}\n")
		if _, _, err := askReload(t, c, true); err == nil || !strings.Contains(err.Error(), "objects.cfg:3: ") {
			t.Errorf("a check of broken files gave %v", err)
		}
		if got := s.inForce(); !cmp.Equal(got, before) {
			t.Errorf("after checks %+v is in force, before %+v", got, before)
		}
		s.stop()
	})
}

func TestOfSeveralArbitersTheLeaderAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a")
		p := newPair(t, plainly, f, f)
		if r, _, err := askReload(t, p.rightC, false); err != nil || r.Arbiter != "left" {
			t.Errorf("%+v, %v", r, err)
		}
		p.kill()
		if _, _, err := askReload(t, p.rightC, false); err == nil || !strings.Contains(err.Error(), "no arbiter leads") {
			t.Errorf("while nobody leads: %v", err)
		}
		p.after(3 * time.Second)
		if r, _, err := askReload(t, p.rightC, false); err != nil || r.Arbiter != "right" {
			t.Errorf("after the take-over: %+v, %v", r, err)
		}
		p.end()
	})
}

// Who asks sits at any machine, with files of the same names: what is wrong is said of the leader's, with paths that are whole.
func TestARefusalSaysWhoseFilesAreBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a")
		t.Chdir(filepath.Dir(f.main))
		p := newPair(t, plainly, files{main: "main.cfg", objects: f.objects}, f)
		f.append(t, "define host {\n host_name b\n use nothing\n}\n")
		head := regexp.QuoteMeta(f.main) + " of arbiter left has [0-9]+ errors?:\n"
		for check, want := range map[bool]string{false: "^the configuration in force goes on: " + head, true: "^" + head} {
			_, _, err := askReload(t, p.rightC, check)
			if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Fatalf("check %t gave %v, want %s", check, err, want)
			}
			if line := strings.Split(err.Error(), "\n")[1]; !strings.HasPrefix(line, f.objects+":") {
				t.Errorf("check %t says of a mistake %q", check, line)
			}
		}
		p.end()
	})
}

// Somebody edits the files of an arbiter that does not lead, and reloads: he is told at once, and also when they are the same again.
func TestAReloadNamesArbitersWithOtherFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left, right := newFiles(t, "a"), newFiles(t, "a")
		p := newPair(t, plainly, left, right)
		beat := func() {
			for _, name := range []string{"left", "right"} {
				show(t, p.rightC, "arbiter", name, 0)
			}
		}
		for _, step := range []struct {
			on   files
			want []string
		}{{right, []string{"right"}}, {left, nil}} {
			p.after(time.Minute)
			step.on.hosts(t, "a", "b")
			beat()
			r, took, err := askReload(t, p.rightC, false)
			if err != nil || took > time.Second || !slices.Equal(r.Unlike, step.want) {
				t.Errorf("after %s with %v it names %+v, want %v", took, err, r, step.want)
			}
		}
		p.after(time.Minute)
		left.hosts(t, "a", "c") // the other one is gone: it is not waited for
		if r, took, err := askReload(t, p.leftC, false); err != nil || took > time.Second || r.Unlike != nil {
			t.Errorf("after %s with %v it names %+v, want nobody", took, err, r)
		}
		p.end()
	})
}
