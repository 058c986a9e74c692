package spooldir_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/spooldir"
	"github.com/onbu/onbu/monitor"
)

// nsca is a file as NSCA 2.10 writes it, nrdp one as NRDP 2.0 does.
const (
	nsca = `### NSCA Passive Check Result ###
# Time: Sat Jan  1 00:00:00 2000
file_time=946684800

### Service Check Result ###
host_name=a
service_description=b2
check_type=1
scheduled_check=0
reschedule_check=0
latency=0
start_time=946684800.5
finish_time=946684800.0
return_code=1
output=two\nline2 C:\\temp|t=3

`
	nrdp = `### NRDP Check ###
start_time=946684801.0
# Time: Sat, 01 Jan 2000 00:00:00 +0000
host_name=a
check_type=1
early_timeout=1
exited_ok=1
return_code=2
output=gone\n
`
)

// folder is a spool in a bubble, where it is the first second of 2000.
type folder struct {
	t    *testing.T
	dir  string
	sink sinktest.Sink
	env  modules.Env
}

func reading(t *testing.T, test func(f *folder), settings ...string) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := &folder{t: t, dir: dir, env: sinktest.Env()}
		s := modules.Read(sinktest.Define("spool", "check_results_dir", append([]string{"path " + dir}, settings...)...))
		l := spooldir.New(s, f.env)
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		sinktest.Listen(t, l, &f.sink, "")
		synctest.Wait()
		test(f)
	})
}

// write writes a file that was made so long ago, ready unless its name ends in "-".
func (f *folder) write(name, text string, ago time.Duration) {
	f.t.Helper()
	at := time.Now().Add(-ago)
	bare := strings.TrimSuffix(name, "-")
	paths := map[string]string{bare: text}
	if bare == name {
		paths[bare+".ok"] = ""
	}
	for name, text := range paths {
		path := filepath.Join(f.dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// pass lets time pass and gives the results that came, and the names of the files that are left.
func (f *folder) pass() (results []monitor.Submission, left string) {
	f.t.Helper()
	time.Sleep(3 * time.Second)
	synctest.Wait()
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		f.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return f.sink.Results(), strings.Join(names, " ")
}

func TestReadsWhatNSCAAndNRDPWrite(t *testing.T) {
	reading(t, func(f *folder) {
		time.Sleep(10 * time.Second)
		f.write("cBBBBBB", nrdp, 0)
		f.write("cAAAAAA", nsca+"host_name=web\nreturn_code=7\noutput=odd\n\n\nhost_name=web\nservice_description=s\nreturn_code=-1x\nstart_time=5000000000.0\noutput=odd", time.Second)
		written := monitor.At(time.Now().Add(-time.Second))
		got, left := f.pass()
		result := func(host, service string, at monitor.Time, id string, o monitor.Outcome) monitor.Submission {
			return monitor.Submission{Ref: monitor.Ref{Host: host, Service: service}, Time: at, Source: "spooldir spool", Outcome: o, ID: "spooldir spool/" + id}
		}
		a := fmt.Sprintf("cAAAAAA/%d/", written)
		want := []monitor.Submission{
			result("a", "b2", 946684800e9+5000, a+"0", monitor.Outcome{State: 1, Output: "two", LongOutput: `line2 C:\temp`, Perfdata: "t=3"}),
			result("web", "", written, a+"1", monitor.Outcome{State: monitor.Down, Output: "odd"}),
			result("web", "s", written, a+"2", monitor.Outcome{State: monitor.Unknown, Output: "odd"}),
			result("a", "", 946684801e9, fmt.Sprintf("cBBBBBB/%d/0", written.Add(time.Second)), monitor.Outcome{State: monitor.Unreachable, Output: "gone"}),
		}
		if diff := cmp.Diff(want, got); diff != "" || left != "" {
			t.Errorf("left %q; %s", left, diff)
		}
	})
}

func TestWaitsUntilAFileIsReady(t *testing.T) {
	reading(t, func(f *folder) {
		f.write("cAAAAAA-", nsca, 0)
		if got, left := f.pass(); len(got) != 0 || left != "cAAAAAA" {
			t.Errorf("got %+v, left %s", got, left)
		}
		f.write("cAAAAAA", nsca, 0)
		if got, left := f.pass(); len(got) != 1 || left != "" {
			t.Errorf("got %+v, left %s", got, left)
		}
	})
}

func TestLeavesOtherFilesAlone(t *testing.T) {
	reading(t, func(f *folder) {
		for _, name := range []string{"x", "checkabc", "c12345", "dAAAAAA"} {
			f.write(name+"-", nsca, 50*time.Hour)
		}
		if err := errors.Join(os.Mkdir(f.dir+"/cFOLDER", 0o700), os.Symlink("/etc/passwd", f.dir+"/cLINKED"), os.WriteFile(f.dir+"/cLINKED.ok", nil, 0o600),
			syscall.Mkfifo(f.dir+"/cFIFOFI", 0o600)); err != nil {
			t.Fatal(err)
		}
		if got, left := f.pass(); len(got) != 0 || left != "c12345 cFIFOFI cFOLDER cLINKED cLINKED.ok checkabc dAAAAAA x" {
			t.Errorf("got %+v, left %s", got, left)
		}
	})
}

func TestRemovesWhatIsTooOld(t *testing.T) {
	reading(t, func(f *folder) {
		f.write("cAAAAAA", nsca, time.Hour)
		f.write("cBBBBBB-", nsca, time.Hour)
		f.write("cCCCCCC", strings.Replace(nsca, "file_time=9466848", "file_time=9466811", 1), 0)
		if got, left := f.pass(); len(got) != 0 || left != "" {
			t.Errorf("got %+v, left %s", got, left)
		}
		if n := sinktest.Metric(f.env, `onbu_spooldir_refused_total{module="spool",reason="old"}`); n != "4" {
			t.Errorf("%s were counted as old, want 4: three files and what says that one is ready", n)
		}
	}, "max_check_result_file_age 30m")
}

func TestPutsAsideWhatCannotBeRead(t *testing.T) {
	reading(t, func(f *folder) {
		f.write("cAAAAAA", "nothing\n=\x00\n", 0)
		f.write("cBBBBBB", strings.Repeat("#", 1<<20+1), 0)
		f.write("cCCCCCC", "host_name=half\n\n"+nsca, 0)
		got, left := f.pass()
		entries, _ := os.ReadDir(filepath.Join(f.dir, "refused"))
		if len(got) != 1 || left != "refused" || len(entries) != 2 {
			t.Errorf("got %+v, left %s, %d put aside", got, left, len(entries))
		}
		for reason, want := range map[string]string{"partial": "2", "broken": "1"} {
			if n := sinktest.Metric(f.env, fmt.Sprintf(`onbu_spooldir_refused_total{module="spool",reason=%q}`, reason)); n != want {
				t.Errorf("%s were counted as %s, want %s", n, reason, want)
			}
		}
	})
}

func TestKeepsFilesThatAreNotStored(t *testing.T) {
	dir := t.TempDir()
	f := &folder{t: t, dir: dir, env: sinktest.Env()}
	f.write("cAAAAAA", nrdp, 0)
	f.sink.Answer = func(context.Context, []monitor.Submission) (modules.Receipt, error) {
		return modules.Receipt{}, errors.New("the bus is away")
	}
	s := modules.Read(sinktest.Define("spool", "check_results_dir", "path "+dir))
	err := spooldir.New(s, f.env).Listen(t.Context(), &f.sink)
	if _, gone := os.Stat(dir + "/cAAAAAA.ok"); err == nil || gone != nil {
		t.Errorf("ended with %v, and the file is %v", err, gone)
	}
}

func TestFilesOverTheQuotaWaitForIt(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := &folder{t: t, dir: dir, env: sinktest.Env()}
		f.write("cAAAAAA", nrdp, 0)
		room := time.Now().Add(10 * time.Second)
		f.sink.Answer = func(_ context.Context, results []monitor.Submission) (modules.Receipt, error) {
			if time.Now().Before(room) {
				return modules.Receipt{Over: len(results)}, nil
			}
			return modules.Receipt{Stored: len(results)}, nil
		}
		s := modules.Read(sinktest.Define("spool", "check_results_dir", "path "+dir))
		sinktest.Listen(t, spooldir.New(s, f.env), &f.sink, "")
		if _, left := f.pass(); left != "cAAAAAA cAAAAAA.ok" {
			t.Errorf("before there is room the folder holds %q", left)
		}
		time.Sleep(10 * time.Second)
		if _, left := f.pass(); left != "" {
			t.Errorf("afterwards the folder holds %q", left)
		}
	})
}

func TestNeedsAFolder(t *testing.T) {
	s := modules.Read(sinktest.Define("spool", "check_results_dir", "max_age 1h"))
	spooldir.New(s, sinktest.Env())
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "path: it is missing") {
		t.Error(err)
	}
}
