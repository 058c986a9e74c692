package history_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/history"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

var began = time.Unix(1_800_000_000, 0)

func options(t testing.TB) history.Options {
	return history.Options{
		Path: filepath.Join(t.TempDir(), "a folder", "history?.db"), Keep: 24 * time.Hour, Most: 1 << 30, Log: slog.New(slog.DiscardHandler),
	}
}

// alert is the brok of a line of the log, some seconds after the beginning.
func alert(after int, text string) monitor.Brok {
	return monitor.Brok{Kind: monitor.BrokAlert, Time: monitor.At(began.Add(time.Duration(after) * time.Second)), Text: text}
}

func some() []monitor.Brok {
	return []monitor.Brok{
		alert(0, "HOST ALERT: web;DOWN;HARD;3;gone"),
		alert(10, "SERVICE ALERT: web;disk;CRITICAL;SOFT;1;full; very"),
		{Kind: monitor.BrokState, Time: monitor.At(began)}, // no line
		{
			Kind: monitor.BrokNotification, Time: monitor.At(began.Add(20 * time.Second)), Text: "SERVICE NOTIFICATION: ada;web;disk;CRITICAL;mail;full; very",
			Action: &monitor.Action{Notice: &monitor.Notice{Output: "full; very", Comment: "look"}},
		},
		alert(30, "HOST ALERT: db;UP;HARD;1;back"),
	}
}

// read gives the messages of the lines that q asks for.
func read(t testing.TB, s *history.Store, q history.Query) []string {
	t.Helper()
	var all []string
	err := s.Read(t.Context(), q, func(l *logline.Line) bool {
		all = append(all, fmt.Sprint(int64(l.Time.Sub(monitor.At(began))/time.Second), " ", l.Message))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func add(t testing.TB, s *history.Store, broks []monitor.Brok) {
	t.Helper()
	if err := s.Add(t.Context(), broks); err != nil {
		t.Fatal(err)
	}
}

func TestLinesAreKeptOnceAndFoundByTimeHostServiceAndClass(t *testing.T) {
	s := history.New(options(t))
	defer s.Close()
	add(t, s, some()[2:])
	add(t, s, some())
	add(t, s, some()[:2])
	const (
		web  = "0 HOST ALERT: web;DOWN;HARD;3;gone"
		disk = "10 SERVICE ALERT: web;disk;CRITICAL;SOFT;1;full; very"
		told = "20 SERVICE NOTIFICATION: ada;web;disk;CRITICAL;mail;full; very"
		db   = "30 HOST ALERT: db;UP;HARD;1;back"
	)
	at := began.Unix()
	for _, c := range []struct {
		name string
		n    history.Query
		want []string
	}{
		{"all", history.Query{}, []string{web, disk, told, db}},
		{"newest first", history.Query{NewestFirst: true}, []string{db, told, disk, web}},
		{"both bounds are inside", history.Query{From: at + 10, Until: at + 20}, []string{disk, told}},
		{"from beyond the end of time", history.Query{From: 1 << 62}, nil},
		{"until beyond the end of time", history.Query{Until: 1 << 62}, []string{web, disk, told, db}},
		{"host", history.Query{Host: "db"}, []string{db}},
		{"service", history.Query{Service: "disk"}, []string{disk, told}},
		{"host and service", history.Query{Host: "db", Service: "disk"}, nil},
		{"class", history.Query{Classes: 1 << 3}, []string{told}},
		{"a host with its services", history.Query{Host: "web"}, []string{web, disk, told}},
		{"a host without its services", history.Query{Host: "web", Itself: true}, []string{web}},
		{"the newest of a host", history.Query{Host: "web", NewestFirst: true, Most: 2}, []string{told, disk}},
		{"the newest of a service", history.Query{Host: "web", Service: "disk", Itself: true, NewestFirst: true, Most: 1}, []string{told}},
		{"no class", history.Query{Classes: 1 << 31}, nil},
	} {
		if diff := cmp.Diff(c.want, read(t, s, c.n)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestALineHasTheFieldsThatItSays(t *testing.T) {
	s := history.New(options(t))
	defer s.Close()
	add(t, s, some())
	want := []logline.Line{
		{
			Time: monitor.At(began.Add(10 * time.Second)), Class: logline.Alert, Type: "SERVICE ALERT", Host: "web", Service: "disk", Output: "full; very", StateType: "SOFT", State: 2, Attempt: 1,
			Options: "web;disk;CRITICAL;SOFT;1;full; very", Message: "SERVICE ALERT: web;disk;CRITICAL;SOFT;1;full; very",
		},
		{ // the brok knows better than the line where the output ends
			Time: monitor.At(began.Add(20 * time.Second)), Class: logline.Notification, Type: "SERVICE NOTIFICATION", Host: "web", Service: "disk", Contact: "ada", Command: "mail", Output: "full; very", Comment: "look",
			StateType: "CRITICAL", State: 2, Options: "ada;web;disk;CRITICAL;mail;full; very", Message: "SERVICE NOTIFICATION: ada;web;disk;CRITICAL;mail;full; very",
		},
	}
	var got []logline.Line
	err := s.Read(t.Context(), history.Query{Service: "disk"}, func(l *logline.Line) bool {
		got = append(got, *l)
		return true
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestLinesThatNobodyWantsAreNotKept(t *testing.T) {
	o := options(t)
	o.Wants = func(l *logline.Line) bool { return l.Host != "web" || l.Class == logline.Notification }
	s := history.New(o)
	defer s.Close()
	add(t, s, some())
	want := []string{"20 SERVICE NOTIFICATION: ada;web;disk;CRITICAL;mail;full; very", "30 HOST ALERT: db;UP;HARD;1;back"}
	if diff := cmp.Diff(want, read(t, s, history.Query{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadingEndsWhenNobodyWantsMore(t *testing.T) {
	s := history.New(options(t))
	defer s.Close()
	add(t, s, some())
	lines := 0
	if err := s.Read(t.Context(), history.Query{}, func(*logline.Line) bool { lines++; return false }); lines != 1 || err != nil {
		t.Errorf("%d lines, %v", lines, err)
	}
}

// A process that is killed leaves its file without closing it: the next one finds all that Add had taken.
func TestWhatWasAddedIsThereAfterAKill(t *testing.T) {
	o := options(t)
	s := history.New(o)
	defer s.Close()
	add(t, s, some())
	killed := o
	killed.Path = filepath.Join(t.TempDir(), "copy")
	for _, part := range []string{"", "-wal"} {
		data, err := os.ReadFile(o.Path + part)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(killed.Path+part, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	next := history.New(killed)
	defer next.Close()
	if got := read(t, next, history.Query{}); len(got) != 4 {
		t.Errorf("got %q", got)
	}
}

func TestADamagedFileIsPutAsideAndSaid(t *testing.T) {
	noise := strings.Repeat("this is no database ", 1000)
	for name, damage := range map[string]func(data []byte) []byte{
		"another file": func([]byte) []byte { return []byte(noise) },
		"pages overwritten": func(data []byte) []byte {
			copy(data[4096:], noise)
			return data
		},
	} {
		o := options(t)
		var said strings.Builder
		o.Log = slog.New(slog.NewTextHandler(&said, nil))
		s := history.New(o)
		add(t, s, some())
		s.Close()
		data, err := os.ReadFile(o.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(o.Path, damage(data), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = s.Read(t.Context(), history.Query{}, func(*logline.Line) bool { return true }) // it may be this one that finds out
		add(t, s, some()[:1])
		if got := read(t, s, history.Query{}); len(got) != 1 {
			t.Errorf("%s: got %q", name, got)
		}
		if _, err := os.Stat(o.Path + ".damaged"); err != nil || !strings.Contains(said.String(), "put aside") {
			t.Errorf("%s: %v; said: %s", name, err, said.String())
		}
		s.Close()
	}
}

func TestAFileOfANewerVersionIsLeftAlone(t *testing.T) {
	o := options(t)
	s := history.New(o)
	add(t, s, some())
	s.Close()
	data, err := os.ReadFile(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	data[63] = 99 // the user version (https://www.sqlite.org/fileformat.html, 1.3)
	if err := os.WriteFile(o.Path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(t.Context(), some()); err == nil || !strings.Contains(err.Error(), "a newer Onbu wrote it") {
		t.Errorf("got %v", err)
	}
}

func TestOldLinesGo(t *testing.T) {
	o := options(t)
	s := history.New(o)
	defer s.Close()
	add(t, s, some())
	now := began.Add(o.Keep + 15*time.Second)
	if err := s.Prune(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, history.Query{}); len(got) != 2 {
		t.Errorf("got %q", got)
	}
	if err := s.Prune(t.Context(), now.Add(time.Minute)); err != nil { // too early to look again
		t.Fatal(err)
	}
	if got := read(t, s, history.Query{}); len(got) != 2 {
		t.Errorf("a minute later: %q", got)
	}
}

func TestTheOldestLinesGoWhenTheFileIsTooLarge(t *testing.T) {
	o := options(t)
	o.Most = 2 << 20
	s := history.New(o)
	defer s.Close()
	broks := make([]monitor.Brok, 20_000)
	for i := range broks {
		broks[i] = alert(i, fmt.Sprintf("SERVICE ALERT: host%d;disk;CRITICAL;HARD;1;%s", i%100, strings.Repeat("x", 200)))
	}
	add(t, s, broks)
	if err := s.Prune(t.Context(), began); err != nil {
		t.Fatal(err)
	}
	got := read(t, s, history.Query{})
	if len(got) == 0 || len(got) > 10_000 || !strings.HasPrefix(got[len(got)-1], "19999 ") {
		t.Errorf("%d lines, the last %.20q", len(got), got[len(got)-1])
	}
	s.Close() // what is in the file beside it joins it
	if info, err := os.Stat(o.Path); err != nil || info.Size() > o.Most {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
}

func BenchmarkAdd(b *testing.B) {
	s := history.New(options(b))
	defer s.Close()
	broks := make([]monitor.Brok, 500)
	for n := 0; b.Loop(); n++ {
		for i := range broks {
			broks[i] = alert(n*len(broks)+i, "SERVICE ALERT: host;disk;CRITICAL;HARD;1;DISK CRITICAL - free space: / 12 MB")
		}
		add(b, s, broks)
	}
	b.ReportMetric(float64(b.N*len(broks))/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkReadADay(b *testing.B) {
	s := history.New(options(b))
	defer s.Close()
	broks := make([]monitor.Brok, 100_000)
	for i := range broks {
		broks[i] = alert(i, fmt.Sprintf("SERVICE ALERT: host%d;disk;CRITICAL;HARD;1;DISK CRITICAL - free space: / 12 MB", i%1000))
	}
	add(b, s, broks)
	for b.Loop() {
		if got := len(read(b, s, history.Query{From: began.Unix(), Until: began.Unix() + 100_000})); got != len(broks) {
			b.Fatal(got)
		}
	}
	b.ReportMetric(float64(b.N*len(broks))/b.Elapsed().Seconds(), "lines/s")
}
