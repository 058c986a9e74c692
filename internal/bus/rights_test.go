package bus_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/bus"
)

// samples has one subject of each function of subject.go. Whoever adds a function adds it here, and to the table of rights.
var samples = map[string]bus.Subject{
	"Want": bus.Want("p"), "Wants": bus.Wants(), "Jobs": bus.Jobs("x"), "Refused": bus.Refused("x"),
	"Results": bus.Results(1, "x"), "ResultsOf": bus.ResultsOf(1), "Passive": bus.Passive(1, "x"), "PassiveOf": bus.PassiveOf(1),
	"Commands": bus.Commands(1), "Own": bus.Own(1), "States": bus.States(1), "Quiet": bus.Quiet(1), "EventsOf": bus.EventsOf(1),
	"Actions": bus.Actions(1, "p"), "ActionsOf": bus.ActionsOf("p"), "AllEvents": bus.AllEvents(), "Perf": bus.Perf(1),
	"AllPerf": bus.AllPerf(), "Done": bus.Done(1), "Ask": bus.Ask(1), "Verdict": bus.Verdict("r"), "Trace": bus.Trace("t"),
	"Remembered": bus.Remembered("x"), "Reload": bus.Reload(), "CheckFiles": bus.CheckFiles(), "AliveRole": bus.AliveRole(bus.Arbiter), "Alive": bus.Alive(1), "PayloadFor": bus.PayloadFor("t", "s"),
	"PayloadsFor": bus.PayloadsFor("t"), "AllPayloads": bus.AllPayloads(), "SourceOf": bus.SourceOf("s", "o"),
	"SourcesOf": bus.SourcesOf("s"), "AllSources": bus.AllSources(), "Outbound": bus.Outbound("site", "t", "s"),
	"OutboundSource": bus.OutboundSource("site", "s", ""), "OutboundTo": bus.OutboundTo("site"), "AllOutbound": bus.AllOutbound(),
	"Orphan": bus.Orphan("t", "s"), "OrphansOf": bus.OrphansOf("t"), "AllOrphans": bus.AllOrphans(), "Inquiries": bus.Inquiries(),
	"SourceStates": bus.SourceStates(1), "Arrived": bus.Arrived(1), "AskSites": bus.AskSites(),
	"BorderInquiries": bus.BorderInquiries(1), "BorderStates": bus.BorderStates(1), "BorderTolls": bus.BorderTolls(1),
	"Present": bus.Present("x", "boot"), "Counts": bus.Counts(), "Deeds": bus.Deeds("x"), "AllDeeds": bus.AllDeeds(),
}

// onLinks are subjects between sites, which have servers of their own.
var onLinks = []string{"AtSite", "SiteHello"}

func TestEverySubjectHasSomebodyWhoMaySendItAndSomebodyWhoMayHearIt(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "subject.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !f.Name.IsExported() || slices.Contains(onLinks, f.Name.Name) {
			continue
		}
		if r := f.Type.Results; r == nil || len(r.List) != 1 || !isSubject(r.List[0].Type) {
			continue
		}
		s, known := samples[f.Name.Name]
		if !known {
			t.Errorf("%s: add it to samples here, and who may use it to the table of rights", f.Name.Name)
			continue
		}
		if !sendable(s) {
			t.Errorf("%s: no role may send to %s: add it to the table of rights", f.Name.Name, s)
		}
		if !hearable(s) {
			t.Errorf("%s: no role may hear or read %s: add it to the table of rights", f.Name.Name, s)
		}
	}
}

func isSubject(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "Subject"
}

// sendable says whether a role may send something under a subject, which may be a filter.
func sendable(s bus.Subject) bool {
	return someRole(func(r bus.Rights) bool { return anyMatch(append(r.Send, r.Store...), s) })
}

func hearable(s bus.Subject) bool {
	streams, _ := bus.Layout()
	return someRole(func(r bus.Rights) bool {
		reads := slices.ContainsFunc(r.Read, func(name bus.Stream) bool {
			i := slices.IndexFunc(streams, func(k bus.Keeping) bool { return k.Stream == name })
			return anyMatch(streams[i].Subjects, s)
		})
		takes := slices.ContainsFunc(r.Take, func(t bus.Taking) bool { return anyMatch([]bus.Subject{t.Filter}, s) })
		return reads || takes || anyMatch(r.Hear, s)
	})
}

func someRole(may func(bus.Rights) bool) bool {
	return slices.ContainsFunc(bus.Roles(), func(role bus.Role) bool { return may(bus.Allowed("x", role)) })
}

// anyMatch says whether something falls under both a subject, which may be a filter, and one of some filters.
func anyMatch(filters []bus.Subject, s bus.Subject) bool {
	return slices.ContainsFunc(filters, func(f bus.Subject) bool {
		return overlap(strings.Split(string(f), "."), strings.Split(string(s), "."))
	})
}

func overlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	if a[0] == ">" || b[0] == ">" {
		return true
	}
	return (a[0] == b[0] || a[0] == "*" || b[0] == "*") && overlap(a[1:], b[1:])
}

func TestEveryStreamAndBucketHasWhoWritesAndWhoReadsIt(t *testing.T) {
	streams, buckets := bus.Layout()
	for _, k := range streams {
		for _, s := range k.Subjects {
			if !sendable(s) || !hearable(s) {
				t.Errorf("%s: nobody may write or nobody may read %s: add it to the table of rights", k.Stream, s)
			}
		}
	}
	in := func(b bus.Bucket) func(bus.Keys) bool { return func(k bus.Keys) bool { return k.Bucket == b } }
	for _, k := range buckets {
		written := someRole(func(r bus.Rights) bool {
			return slices.ContainsFunc(r.Put, in(k.Bucket)) || k.Blobs && slices.Contains(r.Keep, k.Bucket)
		})
		read := someRole(func(r bus.Rights) bool {
			return slices.ContainsFunc(r.Get, in(k.Bucket)) || k.Blobs && slices.Contains(r.Fetch, k.Bucket)
		})
		if !written || !read {
			t.Errorf("%s: nobody may write it or nobody may read it: add it to the table of rights", k.Bucket)
		}
	}
}

func TestADaemonSpeaksForItselfOnly(t *testing.T) {
	for _, c := range []struct {
		what      string
		role      bus.Role
		of        func(bus.Rights) []bus.Subject
		own, not  bus.Subject
		everybody bool
	}{
		{"results", bus.Poller, func(r bus.Rights) []bus.Subject { return r.Store }, bus.Results(1, "a"), bus.Results(1, "b"), false},
		{"jobs", bus.Poller, func(r bus.Rights) []bus.Subject { return r.Hear }, bus.Jobs("a"), bus.Jobs("b"), false},
		{"passive results", bus.Receiver, func(r bus.Rights) []bus.Subject { return r.Store }, bus.Passive(7, "a"), bus.Passive(7, "b"), false},
		{"jobs that it gives", bus.Scheduler, func(r bus.Rights) []bus.Subject { return r.Send }, bus.Jobs("a"), bus.Jobs("b"), true},
	} {
		under := func(s bus.Subject) bool {
			return slices.ContainsFunc(c.of(bus.Allowed("a", c.role)), func(f bus.Subject) bool { return s.Matches(f) })
		}
		if !under(c.own) || under(c.not) != c.everybody {
			t.Errorf("%s of %s a: its own %t, another's %t", c.what, c.role, under(c.own), under(c.not))
		}
	}
	for _, k := range bus.Allowed("a", bus.Broker).Put {
		if k.Bucket == bus.HB && k.Key != "broker."+bus.Token("a") {
			t.Errorf("a broker may write %s of %s", k.Key, k.Bucket)
		}
	}
}

func TestSeveralRolesHaveTheRightsOfEachOnce(t *testing.T) {
	both := bus.Allowed("a", bus.Poller, bus.Receiver)
	for _, role := range []bus.Role{bus.Poller, bus.Receiver} {
		for _, s := range bus.Allowed("a", role).Store {
			if n := strings.Count(join(both.Store), " "+string(s)+" "); n != 1 {
				t.Errorf("%s of the %s comes %d times", s, role, n)
			}
		}
	}
}

func join(all []bus.Subject) string {
	text := " "
	for _, s := range all {
		text += string(s) + "  "
	}
	return text
}
