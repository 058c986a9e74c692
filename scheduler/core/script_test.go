package core_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/trigger"
)

var rewrite = flag.Bool("rewrite", false, "write what the scripts print into testdata")

// TestScripts runs testdata/*.txt. A script is a list of blocks: commands, a line "----", and what they print, up to an
// empty line. What stands before "begin" is configuration:
//
//	depends DEPENDENT MASTER [exec=c,u] [notify=c,u] [period=NAME] [inherits=1] (n is UNKNOWN, u UNREACHABLE)
//	parents SERVICE PARENT…
//	rule OBJECT [smart] [ack] EXPRESSION, template OBJECT TEXT (of a rule), servicegroup|servicelabel|hostlabel|hosttag NAME OBJECT…
//	trigger OBJECT SCRIPT (in which \n is the end of a line)
//	command NAME LINE
//	host NAME [parents=A,B] [command=NAME or none] [attempts= interval= retry= contacts= options= period= renotify= delay= …]
//	service HOST/NAME …, contact NAME …, period NAME RANGE, hostgroup NAME HOST…, option NAME
//
// Objects have no regular checks unless they have an interval. Then, with the time since the beginning in front:
//
//	at 10s tick                                  lets time pass and does what is due until then
//	at 10s result web1/http CRITICAL some text   answers the job that is out; makes one first if none is
//	at 10s passive web1 DOWN some text           hands in a passive result
//	at 10s measured web1/load CollectD | m=1     hands in a passive result that keeps the state
//	at 10s command NAME;…                        gives an external command; @10s in it is a time since the beginning, #2 the second
//	                                             downtime that was entered
//	at 10s result/p2 web1 UP fine                likewise, from another poller than p1
//	at 10s late 5s web1 DOWN lost                answers it with a check that began 5 s ago
//	at 10s force web1                            has a check issued
//	at 10s arrived web1/esx1 web2/esx1,5s        tells of payloads, fetched now or 5 s ago
//	at 10s part web1                             prints its part in problems: root, impacts, what it is worth
//	at 10s orphan web1                           says that the poller with the job of web1 is gone
//	at 10s explain web1                          prints the reasons
//	at 10s status web1                           prints its status
//	at 10s people web1                           prints who would be told of its problem now
//
// Jobs are printed when the core wants them of itself; those that are issued again, because the script never answers
// them, only after "begin with orphans".
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(data))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(data), got); diff != "" {
				t.Errorf("run with -rewrite and read the difference (-want +got):\n%s", diff)
			}
		})
	}
}

// runScript gives the script with what it prints now.
func runScript(t *testing.T, text string) string {
	return playScript(&script{t: t, world: newWorld()}, text)
}

// playScript does so with what the script is to be played by.
func playScript(s *script, text string) string {
	var out strings.Builder
	skip := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "----":
			fmt.Fprintf(&out, "----\n%s", s.out.String())
			s.out.Reset()
			skip = true
		case line == "":
			skip = false
			out.WriteString("\n")
		case skip:
		default:
			out.WriteString(line + "\n")
			if !strings.HasPrefix(line, "#") {
				s.run(line)
			}
		}
	}
	return out.String()
}

// engine is what a script is played by: a core, or several that look after parts of the inventory.
type engine interface {
	Tick(now monitor.Time, d *core.Decisions)
	Observe(now monitor.Time, results []monitor.Result, d *core.Decisions)
	Submit(now monitor.Time, results []monitor.Submission, d *core.Decisions)
	Orphan(now monitor.Time, jobs []core.JobKey, d *core.Decisions)
	Obey(now monitor.Time, r command.Request, d *core.Decisions) error
	Arrive(now monitor.Time, arrivals []monitor.Arrival, d *core.Decisions)
	Explain(now monitor.Time, ref monitor.Ref) (monitor.Explanation, bool)
	Status(id monitor.ID) monitor.Status
}

type script struct {
	t     *testing.T
	world *world
	inv   *monitor.Inventory
	core  engine
	// make gives what plays the script; nil for one core.
	make  func(*script) engine
	now   monitor.Time
	jobs  map[monitor.ID]monitor.Job // those that are out
	quiet monitor.ID                 // whose jobs are not to be printed
	// orphans says that jobs that are issued again are to be printed.
	orphans bool
	poller  string       // who answers
	began   monitor.Time // when the check began that is answered; 0 is now
	d       core.Decisions
	out     strings.Builder
	// downtimes are the numbers of those that were entered, in order: #1, #2, … in commands.
	downtimes []uint64
	letters   uint64 // how many payloads arrived
}

func (s *script) run(line string) {
	s.t.Helper()
	if strings.HasPrefix(line, "begin") {
		s.orphans = line == "begin with orphans"
		s.begin()
		return
	}
	if s.core == nil {
		if !s.world.define(s.t, line) {
			s.t.Fatalf("not understood: %s", line)
		}
		return
	}
	words := strings.SplitN(line, " ", 4)
	if words[0] != "at" || len(words) < 3 {
		s.t.Fatalf("not understood: %s", line)
	}
	s.pass(duration(s.t, words[1]))
	s.do(words[2], strings.Join(words[3:], " "))
	s.print()
}

func (s *script) begin() {
	s.inv = s.world.inventory()
	s.now, s.jobs, s.quiet = t0, make(map[monitor.ID]monitor.Job), monitor.NoID
	if s.make != nil {
		s.core = s.make(s)
		return
	}
	c, err := core.New(s.inv, 7, core.Seed{Start: t0, Triggers: trigger.Compile})
	if err != nil {
		s.t.Fatal(err)
	}
	s.core = c
	c.Begin(t0)
}

// pass lets time pass, as a shell would: it calls Tick when the core wants to be called.
func (s *script) pass(since time.Duration) {
	end := t0.Add(since)
	for {
		s.core.Tick(s.now, &s.d)
		wake := s.d.Wake
		s.print()
		if s.now == end {
			return
		}
		if s.now = end; wake != 0 && wake < end {
			s.now = wake
		}
	}
}

func (s *script) do(verb, rest string) {
	s.t.Helper()
	verb, s.poller, _ = strings.Cut(verb, "/")
	s.poller = orElse(s.poller, "p1")
	name, rest2, _ := strings.Cut(rest, " ")
	switch verb {
	case "tick":
	case "result":
		s.result(name, rest2)
	case "late":
		s.late(name, rest2)
	case "passive":
		ref := monitor.Ref{}
		ref.Host, ref.Service, _ = strings.Cut(name, "/")
		s.core.Submit(s.now, []monitor.Submission{{Ref: ref, Source: "test", Outcome: s.outcome(rest2)}}, &s.d)
	case "measured":
		sub := monitor.Submission{Source: "test", Outcome: s.outcome("OK " + rest2), Keep: true}
		sub.Host, sub.Service, _ = strings.Cut(name, "/")
		s.core.Submit(s.now, []monitor.Submission{sub}, &s.d)
	case "command":
		s.command(rest)
	case "orphan":
		job := s.jobs[s.find(name)]
		s.core.Orphan(s.now, []core.JobKey{{Object: job.Object, Seq: job.Seq}}, &s.d)
	case "explain":
		id := s.find(name)
		e, _ := s.core.Explain(s.now, s.inv.Ref(id))
		fmt.Fprintf(&s.out, "%s: %s; %s\n", name, e.Checking, e.Line)
		for _, why := range e.Why {
			s.out.WriteString("  " + why + "\n")
		}
		for _, told := range e.Told {
			fmt.Fprintf(&s.out, "  told %s of %s %d at %s\n", told.Contact, told.Type, told.Number, since(told.Time))
		}
	case "part":
		s.part(name)
	case "arrived":
		s.arrived(strings.Fields(rest))
	case "force":
		s.force(s.find(name))
	case "people":
		s.people(name)
	case "status":
		st := s.core.Status(s.find(name))
		fmt.Fprintf(&s.out, "%s next=%s\n", s.standing(&st), since(st.NextCheck))
	default:
		s.t.Fatalf("not understood: %s", verb)
	}
}

// since gives a time as scripts have it.
func since(t monitor.Time) string {
	if t == 0 {
		return "never"
	}
	return t.Sub(t0).String()
}

// arrived tells of payloads, each in a place of its own in the stream.
func (s *script) arrived(words []string) {
	var all []monitor.Arrival
	for _, word := range words {
		pair, ago, _ := strings.Cut(word, ",")
		host, source, _ := strings.Cut(pair, "/")
		s.letters++
		all = append(all, monitor.Arrival{Host: host, Source: source, At: s.now.Add(-duration(s.t, ago)), Seq: s.letters})
	}
	s.core.Arrive(s.now, all, &s.d)
}

// part prints what part an object plays in problems.
func (s *script) part(name string) {
	e, _ := s.core.Explain(s.now, s.inv.Ref(s.find(name)))
	st := &e.Status
	fmt.Fprintf(&s.out, "%s", st.Ref)
	if st.Problem {
		fmt.Fprintf(&s.out, " problem of %d", e.ImpactCount)
		for _, n := range e.Impacts {
			fmt.Fprintf(&s.out, " %s", n.Ref)
		}
	}
	if st.Impact {
		s.out.WriteString(" impact of")
		for _, ref := range st.Sources {
			fmt.Fprintf(&s.out, " %s", ref)
		}
	}
	fmt.Fprintf(&s.out, " worth=%d\n", st.BusinessImpact)
}

// late answers a job with a check that began some time ago.
func (s *script) late(ago, rest string) {
	s.began = s.now.Add(-duration(s.t, ago))
	name, rest, _ := strings.Cut(rest, " ")
	s.result(name, rest)
	s.began = 0
}

func (s *script) result(name, rest string) {
	id := s.find(name)
	began := max(s.began, 0)
	if began == 0 {
		began = s.now
	}
	job, ok := s.jobs[id]
	if !ok {
		s.quiet = id
		s.force(id)
		job = s.jobs[id]
		s.quiet = monitor.NoID
	}
	delete(s.jobs, id)
	s.core.Observe(s.now, []monitor.Result{{
		Shard: job.Shard, Epoch: job.Epoch, Object: id, Seq: job.Seq, Poller: s.poller, Module: "test",
		Started: began, Finished: s.now, Outcome: s.outcome(rest),
	}}, &s.d)
	s.print()
	st := s.core.Status(id)
	s.out.WriteString("= " + s.standing(&st) + "\n")
}

// force makes the core want a check now.
func (s *script) force(id monitor.ID) {
	ref := s.inv.Ref(id)
	req := command.Request{Name: "SCHEDULE_FORCED_HOST_CHECK", Ref: ref, Args: []string{"0"}}
	if !ref.IsHost() {
		req.Name = "SCHEDULE_FORCED_SVC_CHECK"
	}
	if err := s.core.Obey(s.now, req, &s.d); err != nil {
		s.t.Fatal(err)
	}
	s.d.Reset()
	s.core.Tick(s.now, &s.d)
	s.print()
}

func (s *script) command(line string) {
	for {
		before, after, ok := strings.Cut(line, "@")
		if !ok {
			break
		}
		at, rest, _ := strings.Cut(after, ";")
		line = fmt.Sprintf("%s%d;%s", before, int64(t0.Add(duration(s.t, at)))/1e9, rest)
	}
	req, err := command.Parse(s.numbered(line), s.now)
	if err == nil {
		err = s.core.Obey(s.now, req, &s.d)
	}
	if err != nil {
		s.d.Broks = slices.DeleteFunc(s.d.Broks, func(b monitor.Brok) bool { return b.Kind == monitor.BrokCommand })
		fmt.Fprintf(&s.out, "%s refused: %v\n", since(s.now), err)
	}
}

func (s *script) find(name string) monitor.ID {
	id, err := find(s.inv, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *script) outcome(text string) monitor.Outcome {
	word, output, _ := strings.Cut(text, " ")
	o := monitor.Outcome{Output: output}
	o.Output, o.Perfdata, _ = strings.Cut(output, " | ")
	switch word {
	case "OK", "UP":
	case "WARNING":
		o.State = monitor.Warning
	case "CRITICAL", "UNREACHABLE":
		o.State = monitor.Critical
	case "UNKNOWN":
		o.State = monitor.Unknown
	case "DOWN":
		o.State = monitor.Down
	case "TIMEOUT":
		o.State, o.TimedOut = monitor.Unknown, true
	default:
		s.t.Fatalf("no state: %s", word)
	}
	return o
}

// print writes down what was decided and takes note of the jobs.
func (s *script) print() {
	for _, j := range s.d.Jobs {
		_, again := s.jobs[j.Object]
		s.jobs[j.Object] = j
		switch {
		case again && s.orphans:
			fmt.Fprintf(&s.out, "%s check %s again\n", since(s.now), s.inv.Ref(j.Object))
		case !again && j.Object != s.quiet:
			fmt.Fprintf(&s.out, "%s check %s%s\n", since(s.now), s.inv.Ref(j.Object), more(&j))
		}
	}
	for i := range s.d.Broks {
		if text := s.brok(&s.d.Broks[i]); text != "" {
			fmt.Fprintf(&s.out, "%s %s\n", since(s.now), text)
		}
	}
	s.d.Reset()
}

// more says what few jobs have.
func more(j *monitor.Job) (text string) {
	if j.Avoid != "" {
		text += ", not by " + j.Avoid
	}
	if j.Payload != 0 {
		text += fmt.Sprintf(", payload %d", j.Payload)
	}
	if j.Reasons.Has(monitor.Arrived) {
		text += " came"
	}
	return text
}

func (s *script) brok(b *monitor.Brok) string {
	switch b.Kind {
	case monitor.BrokCommand:
		return ""
	case monitor.BrokState, monitor.BrokHeard, monitor.BrokAck:
		return strings.TrimSpace("state " + s.standing(b.Status) + " " + b.Text)
	case monitor.BrokNotification, monitor.BrokEventHandler, monitor.BrokSnapshot:
		return notified(b)
	case monitor.BrokContactDowntime, monitor.BrokContactDowntimeGone:
		return s.contactDowntime(b)
	case monitor.BrokDowntime:
		s.number(b.Downtime)
		return fmt.Sprintf("downtime of %s from %s to %s", b.Downtime.Ref, since(b.Downtime.Start), since(b.Downtime.End))
	case monitor.BrokDowntimeGone:
		return fmt.Sprintf("downtime of %s gone: %s", b.Downtime.Ref, b.Text)
	case monitor.BrokComment:
		return fmt.Sprintf("comment on %s: %s", b.Comment.Ref, b.Comment.Text)
	case monitor.BrokCommentGone:
		return fmt.Sprintf("comment on %s gone", b.Comment.Ref)
	case monitor.BrokProgram:
		return fmt.Sprintf("program hosts=%b services=%b", b.Program.HostSwitches, b.Program.ServiceSwitches)
	case monitor.BrokContact:
		return fmt.Sprintf("contact %+v", *b.Contact)
	}
	return b.Text
}

func (s *script) standing(st *monitor.Status) string {
	text := fmt.Sprintf("%s %s %s %d/%d", st.Ref, st.StateName(), st.Type, st.Attempt, st.MaxAttempts)
	if st.Ack != monitor.AckNone {
		text += " acked"
	}
	if st.DowntimeDepth > 0 {
		text += fmt.Sprintf(" downtime=%d", st.DowntimeDepth)
	}
	if st.HostProblem {
		text += " host-problem"
	}
	if st.BusinessImpact != 0 {
		text += fmt.Sprintf(" impact=%d", st.BusinessImpact)
	}
	if st.Flapping {
		text += " flapping"
	}
	if st.PercentChange > 0 && st.Switches&monitor.FlapDetection != 0 {
		text += fmt.Sprintf(" changes=%.2f%%", st.PercentChange)
	}
	if st.Impact {
		text += " impact"
	}
	if st.Overlaid {
		text += fmt.Sprintf(" own=%d", st.OwnState)
	}
	if st.ShownSince != 0 {
		text += " since=" + since(st.ShownSince)
	}
	if st.Held != nil {
		text += " held"
	}
	if st.NotificationNumber > 0 {
		text += fmt.Sprintf(" notified=%d", st.NotificationNumber)
	}
	return text
}
