package bprule_test

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/deptree/bprule"
	"github.com/onbu/onbu/monitor"
)

// site is a small configuration: hosts are even numbers, their services follow from 100 on.
type site struct {
	hosts    []string
	services []monitor.Ref
	groups   map[string][]string // "host group www" and the like, to names
}

func small() *site {
	return &site{
		hosts: []string{"web1", "web2", "db1", "me"},
		services: []monitor.Ref{
			{Host: "web1", Service: "http"},
			{Host: "web1", Service: "https"},
			{Host: "web2", Service: "http"},
			{Host: "db1", Service: "mysql"},
			{Host: "me", Service: "http"},
		},
		groups: map[string][]string{
			"host group www": {"web1", "web2"}, "host label front": {"web2"}, "host template linux": {"web1", "db1"},
			"service group pages": {"web1/https", "web2/http"}, "service label gold": {"db1/mysql"}, "host group empty": nil,
		},
	}
}

func (s *site) Host(name string) (monitor.ID, bool) {
	i := slices.Index(s.hosts, name)
	return monitor.ID(i), i >= 0
}

func (s *site) Service(host monitor.ID, description string) (monitor.ID, bool) {
	i := slices.Index(s.services, monitor.Ref{Host: s.hosts[host], Service: description})
	return monitor.ID(100 + i), i >= 0
}

func (s *site) Hosts() iter.Seq2[monitor.ID, string] {
	return func(yield func(monitor.ID, string) bool) {
		for i, name := range s.hosts {
			if !yield(monitor.ID(i), name) {
				return
			}
		}
	}
}

func (s *site) Services(host monitor.ID) iter.Seq2[monitor.ID, string] {
	return func(yield func(monitor.ID, string) bool) {
		for i, ref := range s.services {
			if ref.Host == s.hosts[host] && !yield(monitor.ID(100+i), ref.Service) {
				return
			}
		}
	}
}

func (s *site) HostsIn(what bprule.What, name string) ([]monitor.ID, bool) {
	return s.in("host " + what.String() + " " + name)
}

func (s *site) ServicesIn(what bprule.What, name string) ([]monitor.ID, bool) {
	return s.in("service " + what.String() + " " + name)
}

func (s *site) in(key string) ([]monitor.ID, bool) {
	names, ok := s.groups[key]
	var ids []monitor.ID
	for _, name := range names {
		ids = append(ids, s.id(name))
	}
	return ids, ok
}

func (s *site) id(name string) monitor.ID {
	if i := slices.Index(s.hosts, name); i >= 0 {
		return monitor.ID(i)
	}
	return monitor.ID(100 + slices.IndexFunc(s.services, func(r monitor.Ref) bool { return r.String() == name }))
}

func (s *site) name(id monitor.ID) string {
	if id < 100 {
		return s.hosts[id]
	}
	return s.services[id-100].String()
}

// bind reads an expression of a rule on the host "me".
func (s *site) bind(expression string) (*bprule.Rule, error) {
	e, err := bprule.Parse(expression)
	if err != nil {
		return nil, err
	}
	return e.Bind(s.id("me"), s)
}

func TestMembers(t *testing.T) {
	for _, tt := range []struct{ expression, members string }{
		{"web1", "web1"},
		{" web1 , http ", "web1/http"},
		{",http", "me/http"},
		{"web1&web2 & !db1", "web1 web2 db1"},
		{"(web1 | web2) & (db1 | web1)", "web1 web2 db1"},
		{"2 of: web1 | web2 & db1", "web1 web2 db1"},
		{"g:www", "web1 web2"},
		{"l:front", "web2"},
		{"t:linux", "web1 db1"},
		{"r:web", "web1 web2"},
		{"r:eb", "-column 1: nothing fits here: no host has such a name or is a member"},
		{"*", "web1 web2 db1 me"},
		{"*,http", "web1/http web2/http me/http"},
		{"g:www,http", "web1/http web2/http"},
		{"g:www,https", "web1/https"},
		{"web1,*", "web1/http web1/https"},
		{"web1,r:^https?$", "web1/http web1/https"},
		{"*,g:pages", "web1/https web2/http"},
		{"web1,g:pages", "web1/https"},
		{"*,l:gold", "db1/mysql"},
		{"l:front,r:.", "web2/http"},
		{",r:.", "me/http"},
		{"gr:www", "web1 web2"},
		{"50% of: g:www,http & db1", "web1/http web2/http db1"},
		{"web3", `-column 1: there is no host "web3"`},
		{"web1 & web3 | x", "-column 13: & and | without parentheses: which of them is to hold first? Write (a & b) | c or a & (b | c)"},
		{"web1 & web3 & web1,ftp", "-column 8: there is no host \"web3\"\ncolumn 15: there is no service \"ftp\" on that host"},
		{"g:wwww", `-column 1: there is no host group "wwww"`},
		{"g:empty", "-column 1: nothing fits here: no host has such a name or is a member"},
		{"*,g:none", `-column 1: there is no service group "none"`},
		{"*,t:linux", "-column 1: nothing fits here: no service has such a name or is a member"},
	} {
		s := small()
		rule, err := s.bind(tt.expression)
		got := ""
		if err != nil {
			got = "-" + err.Error()
		} else {
			var names []string
			for _, id := range rule.Members() {
				names = append(names, s.name(id))
			}
			got = strings.Join(names, " ")
		}
		if got != tt.members {
			t.Errorf("%s\n got %s\nwant %s", tt.expression, got, tt.members)
		}
	}
}

func TestMistakesSayWhere(t *testing.T) {
	for _, tt := range []struct{ expression, want string }{
		{"", "column 1: the name of a host, or host,service, is missing here"},
		{"a &", "column 4: the name of a host, or host,service, is missing here"},
		{"a & & b", "column 5: the name of a host, or host,service, is missing here"},
		{"(a | b", "column 1: this ( is never closed"},
		{"a | b)", "column 6: this ) closes nothing"},
		{"a (b)", "column 3: & or | is missing before this ("},
		{"(a) b", "column 5: & or | is missing before this"},
		{"a ! b", "column 3: ! may only stand before a name or a ("},
		{"ä | ö & c", "column 7: & and | without parentheses: which of them is to hold first? Write (a & b) | c or a & (b | c)"},
		{"a,b,c", "column 1: a,b,c has more than one comma: it is host,service"},
		{"a,", "column 2: the description of a service is missing behind the comma"},
		{"2,1 of: a", "column 1: give one number for OK, or three for OK, WARNING and CRITICAL, before of:"},
		{"99999999999999999999 of: a", "column 1: 99999999999999999999 is too large a number"},
		{"a & 2 of: (b | c)", "column 11: move this ( in front of the number: (2 of: a | b)"},
		{"g:", "column 1: g: has nothing behind it"},
		{"a | r:web[", "column 5: web[ cannot be used as a regular expression: error parsing regexp: missing closing ]: `[)`"},
		{"r:^(a|b)$", "column 4: a regular expression cannot have ( ) | or & here: they part the members of the rule"},
		{strings.Repeat("(", 200), "column 102: more than 100 parentheses in each other"},
	} {
		_, err := bprule.Parse(tt.expression)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%.60s\n got %v\nwant %s", tt.expression, err, tt.want)
		}
	}
}

// Letters are the states of web1, web2 and db1 in this order: Ok, Warning, Critical, Unknown; hosts are Up or Down.
func TestStates(t *testing.T) {
	for _, tt := range []struct{ expression, states, want string }{
		{"web1", "U..", "OK"},
		{"web1", "D..", "CRITICAL"},
		{"!web1", "U..", "CRITICAL"},
		{"!web1", "D..", "OK"},
		{"web1", "R..", "CRITICAL"},
		{"web1", "P..", "OK"},
		{"!!web1", "D..", "CRITICAL"},
		{"web1,s", "W..", "WARNING"},
		{"!web1,s", "W..", "WARNING"},
		{"!web1,s", "?..", "UNKNOWN"},
		{"web1,s & web2,s", "W?.", "UNKNOWN"},
		{"web1,s & web2,s", "C?.", "CRITICAL"},
		{"web1,s & web2,s", "?C.", "CRITICAL"},
		{"web1,s | web2,s", "W?.", "WARNING"},
		{"web1,s | web2,s", "C?.", "CRITICAL"},
		{"!(web1,s | web2,s)", "OC.", "CRITICAL"},
		{"2 of: web1,s | web2,s | db1,s", "OOC", "OK"},
		{"2 of: web1,s | web2,s | db1,s", "OWC", "CRITICAL"},
		{"2 of: web1,s | web2,s | db1,s", "OWW", "WARNING"},
		{"2 of: web1,s | web2,s | db1,s", "WWW", "WARNING"},
		{"1 of: web1,s | web2,s | db1,s", "CCC", "CRITICAL"},
		{"9 of: web1,s | web2,s | db1,s", "OOO", "OK"},
		{"-1 of: web1,s | web2,s | db1,s", "OOC", "OK"},
		{"-1 of: web1,s | web2,s | db1,s", "OCC", "CRITICAL"},
		{"60% of: web1,s | web2,s | db1,s", "OOC", "OK"},
		{"70% of: web1,s | web2,s | db1,s", "OOC", "CRITICAL"},
		{"-40% of: web1,s | web2,s | db1,s", "OOC", "OK"},
		{"-30% of: web1,s | web2,s | db1,s", "OOC", "CRITICAL"},
		{"0 of: web1,s | web2,s | db1,s", "OOC", "CRITICAL"},
		{"0% of: web1,s | web2,s | db1,s", "OOO", "OK"},
		{"3,1,2 of: web1,s | web2,s | db1,s", "OOC", "WARNING"},
		{"3,1,2 of: web1,s | web2,s | db1,s", "OCC", "CRITICAL"},
		{"3,2,2 of: web1,s | web2,s | db1,s", "OOC", "OK"},
		{"3,0,0 of: web1,s | web2,s | db1,s", "O??", "OK"},
		{"1 of: t:all,s", "COC", "OK"},
		{"t:all,s", "OCO", "CRITICAL"},
		{"1 of: !t:all,s", "COC", "CRITICAL"},
		{"2 of: t:all,s | web1,s", "OCO", "CRITICAL"},
		{"web1,s & 1 of: t:all,s", "OCC", "OK"},
	} {
		s := small()
		s.services = []monitor.Ref{{Host: "web1", Service: "s"}, {Host: "web2", Service: "s"}, {Host: "db1", Service: "s"}}
		s.groups["host template all"] = []string{"web1", "web2", "db1"}
		rule, err := s.bind(tt.expression)
		if err != nil {
			t.Errorf("%s: %v", tt.expression, err)
			continue
		}
		got := rule.State(func(id monitor.ID) monitor.State {
			return map[byte]monitor.State{
				'O': monitor.OK, 'W': monitor.Warning, 'C': monitor.Critical, '?': monitor.Unknown, 'P': monitor.Pending,
				'U': monitor.Up, 'D': monitor.Down, 'R': monitor.Unreachable,
			}[tt.states[id%100]]
		})
		if got.ServiceName() != tt.want {
			t.Errorf("%s with %s is %s, want %s", tt.expression, tt.states, got.ServiceName(), tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a&(b|c,d)", "-2% of: g:www,r:^x & !*", "1,2%,-3 of:*,l:x", "((a))", "!!,s", "a|b&c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := bprule.Parse(text)
		if err != nil {
			if column := err.(*bprule.Error).Column; column < 1 || column > len(text)+1 {
				t.Fatalf("%q: the mistake is outside of it: %v", text, err)
			}
			return
		}
		rule, err := e.Bind(3, small())
		if err != nil {
			return
		}
		asked := make(map[monitor.ID]bool)
		state := rule.State(func(id monitor.ID) monitor.State { asked[id] = true; return monitor.OK })
		if state > monitor.Unknown || len(rule.Members()) == 0 {
			t.Fatalf("%q is %v of %v", text, state, rule.Members())
		}
		for _, id := range rule.Members() {
			delete(asked, id)
		}
		if len(asked) > 0 {
			t.Fatalf("%q asks for %v, which are no members", text, asked)
		}
	})
}

func BenchmarkStateOf1000Members(b *testing.B) {
	s := &site{hosts: []string{"h"}}
	for range 1000 {
		s.services = append(s.services, monitor.Ref{Host: "h", Service: "s"})
	}
	e, err := bprule.Parse("90% of: h,*")
	if err != nil {
		b.Fatal(err)
	}
	rule, err := e.Bind(0, s)
	if err != nil {
		b.Fatal(err)
	}
	of := func(monitor.ID) monitor.State { return monitor.OK }
	b.ReportAllocs()
	for b.Loop() {
		rule.State(of)
	}
}
