package simplelog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/simplelog"
	"github.com/onbu/onbu/monitor"
)

func build(t *testing.T, state string, set ...monitor.Setting) modules.Exporter {
	t.Helper()
	s := modules.Read(&monitor.Module{Name: "log", Type: "simple_log", Settings: set, File: filepath.Join(state, "x.cfg")})
	x := simplelog.New(s, modules.Env{State: state}, modules.Outlook{})
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.(modules.Closer).Close() })
	return x
}

var noon = time.Date(2026, 10, 24, 12, 0, 0, 0, time.Local)

func line(day int, text string) monitor.Brok {
	return monitor.Brok{Kind: monitor.BrokLog, Time: monitor.At(noon.AddDate(0, 0, day)), Text: text}
}

// files gives what is in the files below a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func stamped(day int, text string) string {
	return fmt.Sprintf("[%d] %s\n", noon.AddDate(0, 0, day).Unix(), text)
}

func TestAFileForEachDay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	x := build(t, dir)
	export := func(broks ...monitor.Brok) {
		t.Helper()
		if err := x.Export(t.Context(), broks); err != nil {
			t.Fatal(err)
		}
	}
	export(line(0, "HOST ALERT: a;DOWN;HARD;1;x"), monitor.Brok{Kind: monitor.BrokState, Status: &monitor.Status{}}, line(0, "b"))
	export(line(1, "c"), line(0, "late"), line(2, "d"))
	want := map[string]string{
		"archives/nagios-10-24-2026-00.log": stamped(0, "HOST ALERT: a;DOWN;HARD;1;x") + stamped(0, "b"),
		"archives/nagios-10-25-2026-00.log": stamped(1, "c") + stamped(0, "late"),
		"nagios.log":                        stamped(2, "d"),
	}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// After a restart the day is that of the file, and no archive is overwritten.
	if err := x.(modules.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	old := noon.AddDate(0, 0, 1)
	if err := os.Chtimes(filepath.Join(dir, "nagios.log"), old, old); err != nil {
		t.Fatal(err)
	}
	x = build(t, dir)
	export(line(3, "e"))
	want["archives/nagios-10-25-2026-01.log"], want["nagios.log"] = stamped(2, "d"), stamped(3, "e")
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}

func TestOneFileForEver(t *testing.T) {
	dir := t.TempDir()
	x := build(t, dir, monitor.Setting{Name: "path", Value: "my.log"}, monitor.Setting{Name: "daily", Value: "0"})
	for day := range 3 {
		if err := x.Export(t.Context(), []monitor.Brok{line(day, "a")}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]string{"my.log": stamped(0, "a") + stamped(1, "a") + stamped(2, "a")}, files(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFileThatLogrotateMovedIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	x := build(t, dir)
	for i, text := range []string{"a", "b"} {
		if err := x.Export(t.Context(), []monitor.Brok{line(0, text)}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := os.Rename(filepath.Join(dir, "nagios.log"), filepath.Join(dir, "moved")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(map[string]string{"moved": stamped(0, "a"), "nagios.log": stamped(0, "b")}, files(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFolderThatIsMissingIsAnError(t *testing.T) {
	x := build(t, t.TempDir(), monitor.Setting{Name: "path", Value: "none/my.log"})
	if err := x.Export(t.Context(), []monitor.Brok{line(0, "a")}); err == nil {
		t.Error("no error")
	}
}
