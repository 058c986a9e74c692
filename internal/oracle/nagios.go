package oracle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
)

const (
	// lead is how long Nagios gets to read its configuration.
	lead = 6 * time.Second
	// own is how long in a second Nagios gets for what it has to do itself: at the full second, and at once after the
	// events.
	own = 120 * time.Millisecond
	// latest is when in a second its events may be sent: there must be time left to see all of them done.
	latest = 400 * time.Millisecond
)

// nagios is the real program living through many sequences at once.
type nagios struct {
	t         testing.TB
	process   *realpeer.Process
	dir       string
	start     int64
	sequences []*Sequence
	last      retained
	read      int64 // how much of the log was read
	now       int64 // the second of the last step
}

// ErrLate says that Nagios or the recorder did not get enough of the processor: what belongs into a second was not done in
// it. Recording again may help, and so may fewer sequences at once.
var ErrLate = errors.New("nagios does not keep up")

// Record lets Nagios live through the sequences, which must all have the same options, and writes down what it said. It
// takes a second for each event. After ErrLate what was written down is of no use; Record may be called again.
func Record(t testing.TB, sequences []*Sequence) error {
	n := startNagios(t, sequences)
	seconds := 0
	for _, s := range sequences {
		seconds = max(seconds, len(s.Seconds))
	}
	defer n.process.Stop()
	for i := range seconds {
		if err := n.step(i); err != nil {
			return err
		}
	}
	return nil
}

func startNagios(t testing.TB, sequences []*Sequence) *nagios {
	program := realpeer.Program(t, "nagios4", "nagios4-core")
	realpeer.Root(t, "nagios4 wants to become another user")
	dir := realpeer.Dir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	n := &nagios{t: t, dir: dir, sequences: sequences, start: time.Now().Add(lead).Unix()}
	objects := base
	for i, s := range sequences {
		s.Start = n.start
		for k := range s.Seconds {
			s.Seconds[k] = Second{Event: s.Seconds[k].Event}
		}
		objects += s.objects(prefix(i))
	}
	realpeer.File(t, dir, "objects.cfg", objects)
	n.plugin()
	main := realpeer.File(t, dir, "nagios.cfg", nagiosMain(dir, sequences[0].Options))
	n.process = realpeer.Start(t, program, main)
	n.wait("its command file", func() bool { _, err := os.Stat(n.file("nagios.cmd")); return err == nil })
	// What belongs into a second has to be done in it. Where this is not allowed Nagios may be late.
	_ = syscall.Setpriority(syscall.PRIO_PGRP, n.process.Process.Pid, -15)
	return n
}

// prefix comes before each name of the sequence with that index.
func prefix(i int) string { return fmt.Sprintf("q%03d.", i) }

func (n *nagios) file(name string) string { return filepath.Join(n.dir, name) }

func nagiosMain(dir string, options []string) string {
	return strings.Join(append(mainFile(dir, options),
		"temp_path="+dir, "temp_file="+dir+"/temp", "check_result_path="+dir, "status_file="+dir+"/status",
		"state_retention_file="+dir+"/retention", "object_cache_file="+dir+"/objects.cache", "query_socket="+dir+"/query",
		"lock_file="+dir+"/lock", "check_for_updates=0", "event_broker_options=0", "log_external_commands=1",
		"retain_state_information=1", "retention_update_interval=0", "use_retained_program_state=0", "status_update_interval=3600",
	), "\n") + "\n"
}

// plugin writes the plugin of all checks. It answers with what the file says that is named after the object, 0 if there
// is none.
func (n *nagios) plugin() {
	const script = "#!/bin/sh\nread state <\"$0s/$1.$2\" || state=0\necho x\nexit $state\n"
	if err := errors.Join(os.WriteFile(n.file("answer"), []byte(script), 0o755), os.Mkdir(n.file("answers"), 0o755)); err != nil {
		n.t.Fatal(err)
	}
	realpeer.File(n.t, n.dir, "resource.cfg", "$USER1$="+n.dir+"\n")
}

// answers has the plugin answer from now on as the events of a step say.
func (n *nagios) answers(step int) {
	for i, s := range n.sequences {
		if step >= len(s.Seconds) {
			continue
		}
		if name, state, ok := answer(s.Seconds[step].Event); ok {
			host, service, _ := strings.Cut(name, "/")
			realpeer.File(n.t, n.file("answers"), prefix(i)+host+"."+service, state+"\n")
		}
	}
}

// activeOptions are the settings of sequences whose checks are made.
var activeOptions = []string{
	"execute_host_checks=1", "execute_service_checks=1", "cached_host_check_horizon=2", "check_service_freshness=1",
	"check_host_freshness=1", "service_freshness_check_interval=1", "host_freshness_check_interval=1",
	"enable_predictive_host_dependency_checks=0", "enable_predictive_service_dependency_checks=0",
}

// mainFile gives the settings that both programs get.
func mainFile(dir string, options []string) []string {
	if slices.Contains(options, "active") {
		options = activeOptions
	}
	lines := []string{
		"cfg_file=" + dir + "/objects.cfg", "resource_file=" + dir + "/resource.cfg", "log_file=" + dir + "/nagios.log", "command_file=" + dir + "/nagios.cmd",
		"interval_length=1", "check_external_commands=1", "execute_host_checks=0", "execute_service_checks=0",
		"accept_passive_host_checks=1", "accept_passive_service_checks=1", "enable_notifications=1", "enable_event_handlers=1",
		"enable_flap_detection=1", "check_for_orphaned_hosts=0", "check_for_orphaned_services=0", "check_service_freshness=0",
		"check_host_freshness=0", "log_notifications=1", "log_service_retries=1", "log_host_retries=1", "log_event_handlers=1",
		"log_passive_checks=0", "log_initial_states=0", "use_syslog=0", "illegal_macro_output_chars=`", "use_timezone=UTC",
	}
	for _, option := range options {
		if !strings.Contains(option, "=") {
			option += "=1"
		}
		key, _, _ := strings.Cut(option, "=")
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, key+"=") })
		lines = append(lines, option)
	}
	return lines
}

// step sends the events of one step, in a second of its own, and takes down what came of them.
func (n *nagios) step(i int) error {
	now := n.free()
	var batch bytes.Buffer
	for k, s := range n.sequences {
		if i < len(s.Seconds) {
			s.Seconds[i].At = int(now - n.start)
			if command := s.command(s.Seconds[i].Event, prefix(k), n.downtimes(prefix(k))); command != "" {
				fmt.Fprintf(&batch, "[%d] %s\n", now, command)
			}
		}
	}
	n.answers(i)
	n.send(batch.Bytes())
	n.save(now)
	time.Sleep(own + n.checks())
	r := readRetention(n.save(now))
	if r.created != strconv.FormatInt(now, 10) {
		return fmt.Errorf("%w: what began in second %d was over in %s", ErrLate, now, r.created)
	}
	n.keep(i, r)
	n.readLog(i)
	return nil
}

// checks gives how long checks may take that a step causes, and those that their results cause.
func (n *nagios) checks() time.Duration {
	if slices.Contains(n.sequences[0].Options, "active") {
		return 300 * time.Millisecond
	}
	return 0
}

// free waits for a second that Nagios has begun and that has time enough left; it gives its Unix time.
func (n *nagios) free() int64 {
	for {
		now := time.Now()
		into := now.Sub(now.Truncate(time.Second))
		if unix := now.Unix(); unix >= n.start && unix > n.now && into >= own && into < latest {
			n.now = unix
			return unix
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// saveCommand stands in the log where what was logged of a step ends: each step saves twice.
const saveCommand = "SAVE_STATE_INFORMATION"

// save has Nagios write its retention file, and gives it. All commands that were sent before are carried out by then.
func (n *nagios) save(now int64) []byte {
	before := n.inode()
	n.send(fmt.Appendf(nil, "[%d] %s\n", now, saveCommand))
	n.wait("its present", func() bool { return n.inode() != before })
	data, err := os.ReadFile(n.file("retention"))
	if err != nil {
		n.t.Fatal(err)
	}
	return data
}

// keep writes down whose present has changed with a step.
func (n *nagios) keep(step int, r retained) {
	for name, present := range r.present {
		if n.last.present[name] == present {
			continue
		}
		i, name := n.owner(name)
		if step >= len(n.sequences[i].Seconds) {
			continue
		}
		second := &n.sequences[i].Seconds[step]
		if second.Present == nil {
			second.Present = make(map[string]string)
		}
		second.Present[name] = present
	}
	n.last = r
}

// owner gives the sequence of an object and its name in it.
func (n *nagios) owner(name string) (int, string) {
	number, rest, ok := strings.Cut(strings.TrimPrefix(name, "q"), ".")
	i, err := strconv.Atoi(number)
	if !ok || err != nil {
		n.t.Fatalf("nagios speaks of %s, which belongs to nobody", name)
	}
	return i, rest
}

// downtimes gives the numbers of a sequence's downtimes; those that are not there any more have one that nobody has.
func (n *nagios) downtimes(prefix string) func(string) uint64 {
	return func(key string) uint64 {
		id, err := strconv.ParseUint(n.last.downtimes[prefix+key], 10, 64)
		if err != nil {
			return nowhere
		}
		return id
	}
}

// nowhere is the number of no downtime.
const nowhere = 999_999_999

func (n *nagios) send(text []byte) {
	pipe, err := os.OpenFile(n.file("nagios.cmd"), os.O_WRONLY, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	_, err = pipe.Write(text)
	if err = errors.Join(err, pipe.Close()); err != nil {
		n.t.Fatal(err)
	}
}

// inode tells one retention file from the next: Nagios writes a new one and renames it.
func (n *nagios) inode() string {
	info, err := os.Stat(n.file("retention"))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%v %+v", info.ModTime(), info.Sys())
}

// wait waits until something holds, and fails the test when Nagios ends before, or after 20 s.
func (n *nagios) wait(what string, holds func() bool) {
	n.t.Helper()
	limit := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-n.process.Ended():
			n.t.Fatalf("nagios ended before %s was there: %s", what, n.process.Output())
		case <-limit:
			log, _ := os.ReadFile(n.file("nagios.log"))
			n.t.Fatalf("nagios did not give %s: %s\n%s", what, n.process.Output(), log[:min(len(log), 4000)])
		case <-time.After(2 * time.Millisecond):
		}
	}
}
