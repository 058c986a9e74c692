package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

// said compares violations with a part of the only one that is wanted; empty for none.
func said(t *testing.T, what string, got []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("%s: %q, want no violation", what, got)
	case want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
		t.Errorf("%s: %q, want one that says %q", what, got, want)
	}
}

func status(service string, change func(*monitor.Status)) monitor.Brok {
	st := &monitor.Status{Ref: monitor.Ref{Host: host(0), Service: service}, Switches: monitor.Notifications}
	change(st)
	return monitor.Brok{Kind: monitor.BrokState, Status: st}
}

func journalOf(broks ...monitor.Brok) *evidence { return &evidence{records: []record{{broks: broks}}} }

// Every kind of order is missed when it is not in the state, and when it was there and is gone.
func TestEveryLostOrderIsSeen(t *testing.T) {
	at := func(service string) monitor.Ref { return monitor.Ref{Host: host(0), Service: service} }
	note := monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: 1, Ref: at("result"), Text: "order 0"}}
	gone := monitor.Brok{Kind: monitor.BrokCommentGone, Comment: &monitor.Comment{ID: 1, Ref: at("result")}}
	down := monitor.Brok{Kind: monitor.BrokDowntime, Downtime: &monitor.Downtime{ID: 2, Ref: at("flood"), Comment: "order 1"}}
	ack := status("broken", func(s *monitor.Status) { s.Ack = monitor.AckSticky })
	ackNote := monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: 3, Ref: at("broken"), Text: "order 2"}}
	quiet := status("checked", func(s *monitor.Status) { s.Switches = 0 })
	loud := status("checked", func(*monitor.Status) {})
	for _, test := range []struct {
		name  string
		order int
		broks []monitor.Brok
		want  string
	}{
		{"a comment", 0, []monitor.Brok{note}, ""},
		{"no comment", 0, nil, "the comment"},
		{"a comment that is gone", 0, []monitor.Brok{note, gone}, "the comment"},
		{"a downtime", 1, []monitor.Brok{down}, ""},
		{"no downtime", 1, []monitor.Brok{note}, "the downtime"},
		{"an acknowledgement", 2, []monitor.Brok{ack, ackNote}, ""},
		{"one without effect", 2, []monitor.Brok{ackNote}, "the acknowledgement"},
		{"notifications off", 3, []monitor.Brok{loud, quiet}, ""},
		{"and on again", 3, []monitor.Brok{quiet, loud}, "notifications were switched off"},
	} {
		got := journalOf(test.broks...).replay().obeyed([]order{nth(test.order)})
		said(t, test.name, got, test.want)
	}
}

func TestEveryMissingPointIsSeen(t *testing.T) {
	k := &sink{points: map[point]int{{"h000.checked.load", 5}: 2}}
	sent := []point{{"h000.checked.load", 5}}
	said(t, "all are there", pointsThere(sent, k, 0), "")
	sent = append(sent, point{"h000.checked.load", 10})
	said(t, "one is missing", pointsThere(sent, k, 0), "of 2 points sent, 1 are not stored, and 0 are counted as dropped")
	said(t, "one is missing and counted", pointsThere(sent, k, 1), "")
}

func TestAPointIsALineThatIsWhole(t *testing.T) {
	for line, want := range map[string]bool{"h.s.load 1 5\n": true, "h.s.load 1 5": false, "h.s.load 1\n": false, "h.s.load 1 x\n": false, "\n": false} {
		if _, got := readPoint(line); got != want {
			t.Errorf("%q is a point: %v", line, got)
		}
	}
}

// A service that is not checked any more at all has a pause too: until the end.
func TestEveryServiceThatIsNotCheckedAgainIsSeen(t *testing.T) {
	begin := time.Unix(1000, 0)
	check := func(after time.Duration) monitor.Check {
		return monitor.Check{Ref: monitor.Ref{Host: host(0), Service: "checked"}, Started: monitor.At(begin.Add(after))}
	}
	e := evidence{checks: []monitor.Check{check(0), check(interval * time.Second), check(2 * interval * time.Second)}, at: begin.Add(12 * time.Second)}
	said(t, "each in time", e.checkedAgain(time.Time{}, time.Second), "")
	e.at = begin.Add(time.Minute)
	said(t, "none at the end", e.checkedAgain(time.Time{}, time.Second), "h000 was not checked for 50s")
	e.checks = append(e.checks, check(time.Minute))
	said(t, "a pause", e.checkedAgain(time.Time{}, time.Second), "h000 was not checked for 50s")
	said(t, "a pause that is allowed", e.checkedAgain(time.Time{}, time.Minute), "")
}

func TestEveryDifferenceFromTheJournalIsSeen(t *testing.T) {
	ref := monitor.Ref{Host: host(0), Service: "result"}
	journal := journalOf(
		status("result", func(s *monitor.Status) { s.State, s.Output = monitor.Critical, "number 3" }),
		monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: 1, Ref: ref, Text: "x"}},
		monitor.Brok{Kind: monitor.BrokDowntime, Downtime: &monitor.Downtime{ID: 2, Ref: ref, Comment: "y"}},
	).replay()
	for _, test := range []struct {
		name   string
		change func(*present)
		want   string
	}{
		{"the same", func(*present) {}, ""},
		{"another state", func(p *present) { o := p.objects[ref]; o.State = "OK"; p.objects[ref] = o }, "says of h000/result"},
		{"an older output", func(p *present) { o := p.objects[ref]; o.Output = "number 2"; p.objects[ref] = o }, "says of h000/result"},
		{"nothing", func(p *present) { delete(p.objects, ref) }, "says of h000/result"},
		{"no comment", func(p *present) { delete(p.comments, 1) }, "does not have the comment 1"},
		{"a downtime too many", func(p *present) { p.downtimes[7] = note{ref, "z"} }, "has the downtime 7"},
	} {
		other := newPresent()
		other.objects[ref], other.comments[1], other.downtimes[2] = journal.objects[ref], journal.comments[1], journal.downtimes[2]
		test.change(other)
		said(t, test.name, journal.differs("somebody", other), test.want)
	}
}

func TestEveryDaemonThatGrowsIsSeen(t *testing.T) {
	was := map[int]standing{7: {name: "broker@left", files: 100, goroutines: 200, memory: 50 << 20, limit: memoryLimit}}
	with := func(change func(*standing)) map[int]standing {
		st := was[7]
		change(&st)
		return map[int]standing{7: st}
	}
	same := with(func(*standing) {})
	said(t, "as it was", append(steady(was, same), small(same)...), "")
	said(t, "some more files", steady(was, with(func(s *standing) { s.files += moreFiles })), "")
	said(t, "many more files", steady(was, with(func(s *standing) { s.files = 200 })), "I9: broker@left has 200 files open")
	said(t, "many more goroutines", steady(was, with(func(s *standing) { s.goroutines = 2000 })), "I9: broker@left has 2000 goroutines")
	said(t, "too much memory", small(with(func(s *standing) { s.memory = memoryLimit + 1<<20 })), "I8: broker@left")
	said(t, "another process", steady(was, map[int]standing{8: {files: 1000}}), "")
}

func TestAQueueThatIsNotEmptyIsSeen(t *testing.T) {
	said(t, "empty", drained(nil), "")
	said(t, "two messages", drained(map[bus.Stream]uint64{bus.CMD: 2}), "I8: up to 2 messages of CMD wait")
}
