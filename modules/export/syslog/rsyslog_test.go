package syslog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

// rsyslogd starts Debian's with an input, and gives what waits for lines that it has written.
func rsyslogd(t *testing.T, input, ready string) (lines func(n int) []string) {
	t.Helper()
	dir := realpeer.Dir(t)
	out := filepath.Join(dir, "out")
	conf := realpeer.File(t, dir, "rsyslog.conf", fmt.Sprintf(`
global(workDirectory=%q)
template(name="t" type="string" string="%%syslogfacility-text%%|%%syslogseverity-text%%|%%hostname%%|%%app-name%%|%%msgid%%|%%timereported:::date-rfc3339%%|%%msg%%\n")
%s
action(type="omfile" file=%q template="t")
`, dir, input, out))
	p := realpeer.Start(t, realpeer.Program(t, "rsyslogd", "rsyslog"), "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	if ready != "" {
		p.Listening(t, ready)
	} else {
		p.Until(t, "has written its process id", func() error {
			_, err := os.Stat(filepath.Join(dir, "pid"))
			return err
		})
	}
	return func(n int) (all []string) {
		p.Until(t, fmt.Sprintf("has written %d lines", n), func() error {
			text, err := os.ReadFile(out)
			all = all[:0]
			for l := range strings.Lines(string(text)) {
				if !strings.Contains(l, "rsyslogd") {
					all = append(all, strings.TrimSuffix(l, "\n"))
				}
			}
			if err == nil && len(all) < n {
				err = fmt.Errorf("%d are there", len(all))
			}
			return err
		})
		return all
	}
}

func TestRsyslogReadsItAsItWasMeant(t *testing.T) {
	when := time.Date(2026, 11, 2, 7, 8, 9, 123456000, time.Local)
	precise, coarse := when.Format("2006-01-02T15:04:05.000000Z07:00"), when.Truncate(time.Second).Format("-01-02T15:04:05")
	for _, c := range []struct {
		name  string
		input func(port int, socket string) string
		tcp   bool
		set   []string
		// msgid and time as rsyslog says them; the time of RFC 3164 has neither year nor fractions.
		msgid, time string
	}{
		{"udp", udp, false, []string{"transport", "udp"}, "SERVICE-ALERT", precise},
		{"udp 3164", udp, false, []string{"transport", "udp", "format", "rfc3164"}, "-", coarse},
		{"tcp", tcp, true, []string{"transport", "tcp"}, "SERVICE-ALERT", precise},
		{"tcp lines", tcp, true, []string{"transport", "tcp", "framing", "lf"}, "SERVICE-ALERT", precise},
		{"tcp 3164", tcp, true, []string{"transport", "tcp", "format", "rfc3164"}, "-", coarse},
		{"local", local, false, nil, "-", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			port, ready := realpeer.UDPPort(t), ""
			if c.tcp {
				port = realpeer.Port(t)
				ready = fmt.Sprintf("127.0.0.1:%d", port)
			}
			socket := filepath.Join(realpeer.Dir(t), "log")
			lines := rsyslogd(t, c.input(port, socket), ready)
			x := module(t, append(c.set, "port", fmt.Sprint(port), "socket", socket, "hostname", "mon.example.org")...)
			var broks []monitor.Brok
			for i := range 100 {
				broks = append(broks, line(fmt.Sprintf("SERVICE ALERT: wéb;disk /;CRITICAL;HARD;3;full %d", i)))
			}
			within(t, func() error { return x.Export(t.Context(), broks) })
			for i, got := range lines(100)[:100] {
				f := strings.SplitN(got, "|", 7)
				host := "mon.example.org"
				if c.name == "local" {
					host = f[2] // its own
				}
				want := fmt.Sprintf("local0|crit|%s|onbu|%s|", host, c.msgid)
				text := strings.TrimLeft(f[6], " ")
				if !strings.HasPrefix(got, want) || !strings.Contains(f[5], c.time) || text != fmt.Sprintf("SERVICE ALERT: wéb;disk /;CRITICAL;HARD;3;full %d", i) {
					t.Fatalf("got %q, want %q… of %s", got, want, c.time)
				}
			}
		})
	}
}

// within tries again as the broker does.
func within(t *testing.T, do func() error) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		err := do()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func udp(port int, _ string) string {
	return fmt.Sprintf("module(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"%d\")", port)
}

func tcp(port int, _ string) string {
	return fmt.Sprintf("module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"%d\")", port)
}

func local(_ int, socket string) string {
	return fmt.Sprintf("module(load=\"imuxsock\" SysSock.Use=\"off\")\ninput(type=\"imuxsock\" Socket=%q RateLimit.Interval=\"0\")", socket)
}
