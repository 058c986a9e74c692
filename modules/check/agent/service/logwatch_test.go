package service_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
)

const logwatchExample = `<<<logwatch>>>
[[[/var/log/syslog]]]
BATCH: 1700000000-aabbcc
. 09:00:00 kernel: context line
C 09:00:01 kernel: Out of memory: Killed process 812
W 09:00:02 sshd: odd
[[[/var/log/quiet]]]
[[[/var/log/missing:missing]]]
[[[/var/log/secret:cannotopen]]]
<<<logwatch>>>
[[[/var/log/syslog]]]
BATCH: 1700000000-aabbcc
C 09:00:01 kernel: Out of memory: Killed process 812
BATCH: 1700000000-ddeeff
W 09:00:03 sshd: odder
O 09:00:04 sshd: fine again
I 09:00:05 sshd: chatter
`

func TestLogsTellTheirNewLines(t *testing.T) {
	want := []string{"/var/log/syslog=Log /var/log/syslog", "/var/log/quiet=Log /var/log/quiet"}
	if got := offers(t, "logwatch", logwatchExample); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	got := h.look(t, "logwatch", logwatchExample, "-i", "/var/log/syslog")
	expect(t, got, monitor.Critical, "1 critical and 2 warning messages, the last one: 09:00:01 kernel: Out of memory: Killed process 812(!!)", "critical=1;;;0 warnings=2;;;0")
	wantLong := "09:00:00 kernel: context line\n09:00:01 kernel: Out of memory: Killed process 812(!!)\n09:00:02 sshd: odd(!)\n09:00:03 sshd: odder(!)\n09:00:04 sshd: fine again\n09:00:05 sshd: chatter"
	if got.LongOutput != wantLong {
		t.Errorf("long output: got %q, want %q", got.LongOutput, wantLong)
	}
	expect(t, h.look(t, "logwatch", logwatchExample, "-i", "/var/log/quiet"), monitor.OK, "no new messages that matter", "critical=0;;;0 warnings=0;;;0")
	expect(t, h.look(t, "logwatch", logwatchExample, "-i", "/var/log/missing"), monitor.Unknown, "the log is missing on the host(?)", "")
	expect(t, h.look(t, "logwatch", logwatchExample, "-i", "/var/log/missing", "-o", "missing=ok"), monitor.OK, "the log is missing on the host", "")
	expect(t, h.look(t, "logwatch", logwatchExample, "-i", "/var/log/secret"), monitor.Unknown, "the agent cannot read the log(?)", "")
	if got := h.look(t, "logwatch", logwatchExample, "-i", "/var/log/syslog", "-w", "2", "-c", "10"); got.State != monitor.Warning {
		t.Errorf("levels on how many there are: got %v %s", got.State, got.Output)
	}
}

// The agent says a line once; services need several bad checks in a row before anybody is told.
func TestLinesOfALogCountForAWhile(t *testing.T) {
	var h host
	h.look(t, "logwatch", logwatchExample, "-i", "/var/log/syslog")
	quiet := "<<<logwatch>>>\n[[[/var/log/syslog]]]\n"
	expect(t, h.look(t, "logwatch", quiet, "-i", "/var/log/syslog"), monitor.Critical, "critical messages came 1 min 0 s ago(!!)", "critical=0;;;0 warnings=0;;;0")
	expect(t, h.look(t, "logwatch", quiet, "-i", "/var/log/syslog", "-o", "keep=2m"), monitor.OK, "no new messages that matter", "")
	expect(t, h.look(t, "logwatch", quiet, "-i", "/var/log/quiet", "-o", "keep=soon"), monitor.Unknown, `there is no log "/var/log/quiet" in the agent's output, but /var/log/syslog(?)`, "")
	expect(t, h.look(t, "logwatch", quiet+"W a warning\n", "-i", "/var/log/syslog"), monitor.Critical,
		"0 critical and 1 warning messages, the last one: a warning(!), critical messages came 4 min 0 s ago(!!)", "")
	expect(t, h.look(t, "logwatch", quiet, "-i", "/var/log/syslog"), monitor.Critical, "critical messages came 5 min 0 s ago(!!)", "")
	h.now = h.now.Add(57 * time.Minute)
	expect(t, h.look(t, "logwatch", quiet, "-i", "/var/log/syslog"), monitor.Warning, "warning messages came 59 min 0 s ago(!)", "")
	expect(t, h.look(t, "logwatch", quiet, "-i", "/var/log/syslog"), monitor.OK, "no new messages that matter", "")
	expect(t, h.look(t, "logwatch", quiet, "-i", "/var/log/syslog", "-o", "keep=soon"), monitor.Unknown, "-o keep=soon: it is a time, such as 30m or 2h(?), no new messages that matter", "")
}

func TestLogsOfManyLinesShowTheNewest(t *testing.T) {
	var h host
	output := "<<<logwatch>>>\n[[[log]]]\n" + strings.Repeat("W old\n", 100_000) + "W newest\n"
	got := h.look(t, "logwatch", output, "-i", "log")
	expect(t, got, monitor.Warning, "0 critical and 100001 warning messages, the last one: newest(!)", "critical=0;;;0 warnings=100001;;;0")
	if !strings.HasSuffix(got.LongOutput, "newest(!)") || !strings.Contains(got.LongOutput, " earlier lines are left out") || len(got.LongOutput) > 40_000 {
		t.Errorf("long output of %d bytes", len(got.LongOutput))
	}
}

func TestEventLogsOfWindowsAreLogsToo(t *testing.T) {
	var h host
	expect(t, h.look(t, "logwatch", "<<<logwatch>>>\n[[[Application]]]\nW Aug 27 14:08:57 49152.18456 MSSQLSERVER Login failed for user 'demo'.\n[[[System]]]\n", "-i", "Application"),
		monitor.Warning, "0 critical and 1 warning messages, the last one: Aug 27 14:08:57 49152.18456 MSSQLSERVER Login failed for user 'demo'.(!)", "")
}
