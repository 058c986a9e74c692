package core_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// oracle is the world that Nagios and the core both get. Active checks are off, so that only what is handed in counts.
//
// The services are on a host that stays UP. On hosts that fall Nagios 4.4 differs from Nagios 3, Naemon and us: it calls
// the recovery of a service SOFT that became HARD because of its host, and tells nobody of it.
const oracle = `host gw1 attempts=3 active=0
host web1 parents=gw1 attempts=2 active=0
host calm attempts=3 active=0
service calm/one attempts=1 active=0
service calm/two attempts=2 active=0
service calm/four attempts=4 active=0
service calm/volatile attempts=2 active=0 volatile=1`

// The same passive results into Nagios and into the core give the same alerts: state, type and attempt.
func TestAlertsAreThoseOfNagios(t *testing.T) {
	t.Run("passive host results are final", func(t *testing.T) { compareWithNagios(t) })
	t.Run("passive host results are soft", func(t *testing.T) {
		compareWithNagios(t, "passive_host_checks_are_soft")
	})
}

func compareWithNagios(t *testing.T, options ...string) {
	nagios := startNagios(t, options)
	w := newWorld()
	for _, name := range options {
		w.option(t, name)
	}
	for line := range strings.Lines(oracle) {
		w.define(t, strings.TrimSpace(line))
	}
	inv := w.inventory()
	c := started(t, inv)
	c.Begin(t0)
	r := rand.New(rand.NewPCG(1, 6))
	var d core.Decisions
	var want, got []string
	for i := range 600 {
		id := monitor.ID(r.IntN(inv.Objects()))
		if inv.Ref(id).String() == "calm" {
			continue
		}
		line := result(inv.Ref(id), r, i)
		want = append(want, nagios.obey(line, i)...)
		req, err := command.Parse(line, t0.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		d.Reset()
		if err := c.Obey(req.Time, req, &d); err != nil {
			t.Fatal(err)
		}
		got = append(got, alerts(&d)...)
		if diff := cmp.Diff(blur(want), blur(got)); diff != "" {
			t.Fatalf("after %s (-nagios +core):\n%s", line, diff)
		}
	}
	if len(got) < 200 {
		t.Errorf("only %d alerts: too quiet to show anything", len(got))
	}
}

// hardHost finds the attempt of a host that stays in trouble. Nagios 4.4 leaves it where it was; Nagios 3, Naemon and we
// count from 1 again.
var hardHost = regexp.MustCompile(`^(HOST ALERT: \w+;(?:DOWN|UNREACHABLE);HARD);\d+`)

func blur(alerts []string) (blurred []string) {
	for _, a := range alerts {
		blurred = append(blurred, hardHost.ReplaceAllString(a, "$1;n"))
	}
	return blurred
}

// result gives a passive result at random; i makes its text its own.
func result(ref monitor.Ref, r *rand.Rand, i int) string {
	if ref.IsHost() {
		return fmt.Sprintf("PROCESS_HOST_CHECK_RESULT;%s;%d;text %d.", ref.Host, r.IntN(2)*r.IntN(3), i)
	}
	return fmt.Sprintf("PROCESS_SERVICE_CHECK_RESULT;%s;%s;%d;text %d.", ref.Host, ref.Service, r.IntN(2)*r.IntN(4), i)
}

func alerts(d *core.Decisions) (texts []string) {
	for _, b := range d.Broks {
		if b.Kind == monitor.BrokAlert {
			texts = append(texts, b.Text)
		}
	}
	return texts
}

// nagios is the real program, ready to take commands.
type nagios struct {
	t        *testing.T
	process  *realpeer.Process
	log, cmd string
	read     int64 // how much of the log was read
}

func startNagios(t *testing.T, options []string) *nagios {
	program := realpeer.Program(t, "nagios4", "nagios4-core")
	dir := realpeer.Dir(t)
	objects := realpeer.File(t, dir, "objects.cfg", nagiosObjects())
	n := &nagios{t: t, log: filepath.Join(dir, "nagios.log"), cmd: filepath.Join(dir, "nagios.cmd")}
	lines := []string{
		"cfg_file=" + objects, "log_file=" + n.log, "command_file=" + n.cmd, "lock_file=" + dir + "/lock",
		"temp_path=" + dir, "temp_file=" + dir + "/temp", "check_result_path=" + dir, "status_file=" + dir + "/status",
		"state_retention_file=" + dir + "/retention", "object_cache_file=" + dir + "/objects.cache",
		"query_socket=" + dir + "/query", "check_external_commands=1", "log_passive_checks=1", "log_host_retries=1",
		"log_service_retries=1", "enable_flap_detection=0", "enable_notifications=0", "check_for_updates=0",
		"execute_host_checks=0", "execute_service_checks=0", "check_for_orphaned_hosts=0",
		"check_for_orphaned_services=0", "illegal_macro_output_chars=`", "event_broker_options=0",
	}
	for _, name := range options {
		lines = append(lines, name+"=1")
	}
	config := realpeer.File(t, dir, "nagios.cfg", strings.Join(lines, "\n"))
	realpeer.Root(t, "nagios4 wants to become another user")
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	n.process = realpeer.Start(t, program, config)
	n.wait("the command file", func() bool { _, err := os.Stat(n.cmd); return err == nil })
	return n
}

// nagiosObjects writes the oracle's world as object files.
func nagiosObjects() string {
	var b strings.Builder
	b.WriteString("define command{\ncommand_name check\ncommand_line /bin/true\n}\n")
	b.WriteString("define timeperiod{\ntimeperiod_name none\nalias none\n}\n")
	b.WriteString("define contact{\ncontact_name ada\nhost_notification_commands check\nservice_notification_commands check\n" +
		"host_notification_period none\nservice_notification_period none\n}\n")
	for line := range strings.Lines(oracle) {
		words := strings.Fields(line)
		host, service, _ := strings.Cut(words[1], "/")
		fmt.Fprintf(&b, "define %s{\nhost_name %s\ncheck_command check\nactive_checks_enabled 0\ncontacts ada\n", words[0], host)
		if service != "" {
			fmt.Fprintf(&b, "service_description %s\n", service)
		}
		for _, word := range words[2:] {
			switch key, value, _ := strings.Cut(word, "="); key {
			case "attempts":
				fmt.Fprintf(&b, "max_check_attempts %s\n", value)
			case "parents":
				fmt.Fprintf(&b, "parents %s\n", value)
			case "volatile":
				fmt.Fprintf(&b, "is_volatile %s\n", value)
			}
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// wait waits for a condition and fails the test when nagios ends before, or after 20 s.
func (n *nagios) wait(what string, holds func() bool) {
	n.t.Helper()
	limit := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-n.process.Ended():
			n.t.Fatalf("nagios ended before %s was there: %s", what, n.process.Output())
		case <-limit:
			n.t.Fatalf("nagios did not get as far as %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

var alertLine = regexp.MustCompile(`(?m)^\[\d+\] ((?:HOST|SERVICE) ALERT: .*)$`)

// obey hands a command in, and after it one that does nothing but show in the log that the first was carried out. It
// gives the alerts that are new.
func (n *nagios) obey(line string, i int) []string {
	pipe, err := os.OpenFile(n.cmd, os.O_WRONLY, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	now, done := time.Now().Unix(), fmt.Sprintf("DEL_SVC_COMMENT;%d", 1_000_000+i)
	fmt.Fprintf(pipe, "[%d] %s\n[%d] %s\n", now, line, now, done)
	pipe.Close()
	var news []byte
	n.wait(done, func() bool {
		news = n.news()
		return bytes.Contains(news, []byte("EXTERNAL COMMAND: "+done+"\n"))
	})
	n.read += int64(len(news))
	var alerts []string
	for _, m := range alertLine.FindAllStringSubmatch(string(news), -1) {
		alerts = append(alerts, m[1])
	}
	return alerts
}

// news gives the part of the log that was not read yet.
func (n *nagios) news() []byte {
	f, err := os.Open(n.log)
	if err != nil {
		return nil
	}
	defer f.Close()
	news, _ := io.ReadAll(io.NewSectionReader(f, n.read, 1<<20))
	return news
}
