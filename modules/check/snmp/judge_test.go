package snmp

import (
	"testing"

	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/monitor"
)

// deaf is a waiter that is content with anything.
type deaf struct{}

func (deaf) Done(monitor.Outcome, error) {}

// answered gives a function that judges an answer for a line, as the engine has it judged.
func answered(tb testing.TB, tag byte, value []byte, args ...string) (judge func(), outcome func() monitor.Outcome) {
	m := New(Options{})
	p, err := m.Parse(append([]string{"check_snmp", "-H", "127.0.0.1", "-o", "1.3.6.1.2.1.2.2.1.10.24"}, args...))
	if err != nil {
		tb.Fatal(err)
	}
	c := p.(*check)
	r := m.runs.Get().(*run)
	a := &snmp.Answer{Bindings: []snmp.Binding{{Name: c.names[0], Tag: tag, Value: value}}}
	once := func() (monitor.Outcome, error) {
		r.check, r.wait = c, deaf{}
		r.printed.lines = r.printed.lines[:0]
		return r.outcome(a)
	}
	return func() { _, _ = once() }, func() monitor.Outcome { o, _ := once(); return o }
}

func TestJudgingAllocatesNothing(t *testing.T) {
	for _, test := range []struct {
		tag   byte
		value []byte
		args  []string
		want  string
	}{
		{snmp.TagCounter32, []byte{1, 0xe2, 0x40}, nil, "SNMP OK - 123456 | iso.3.6.1.2.1.2.2.1.10.24=123456c"},
		{snmp.TagGauge32, []byte{72}, []string{"-w", "80", "-c", "90"}, "SNMP OK - 72 | iso.3.6.1.2.1.2.2.1.10.24=72;80;90"},
		{snmp.TagInteger, []byte{72}, []string{"-w", "50", "-l", "load", "-u", "%"}, "SNMP WARNING - load *72* % | load=72;50"},
		{snmp.TagOctets, []byte("Linux"), []string{"-r", "Linux"}, `SNMP OK - "Linux" | `},
		{snmp.TagTimeTicks, []byte{0x01, 0x83, 0xd6, 0x00}, nil, "SNMP OK - Timeticks: (25417216) 2 days, 22:36:12.16 | "},
	} {
		judge, outcome := answered(t, test.tag, test.value, test.args...)
		o := outcome()
		if got := o.Output + " | " + o.Perfdata; got != test.want {
			t.Errorf("%v: got %q, want %q", test.args, got, test.want)
		}
		if n := testing.AllocsPerRun(100, judge); n > 0 {
			t.Errorf("%v: %v allocations", test.args, n)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	judge, _ := answered(b, snmp.TagGauge32, []byte{72}, "-w", "80", "-c", "90")
	b.ReportAllocs()
	for b.Loop() {
		judge()
	}
}
