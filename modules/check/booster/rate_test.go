package booster

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules/check/booster/datasource"
)

// device is a device with one counter: what it says at a moment.
type device struct {
	after  time.Duration // since the sample before
	uptime uint32
	tag    byte
	value  uint64
}

func (d *device) bindings() []snmp.Binding {
	return []snmp.Binding{
		{Name: "value", Tag: d.tag, Value: binary.BigEndian.AppendUint64([]byte{0}, d.value)},
		{Name: "uptime", Tag: snmp.TagTimeTicks, Value: binary.BigEndian.AppendUint64([]byte{0}, uint64(d.uptime))},
	}
}

// lives plays what a device says, and gives what is shown last.
func lives(t *testing.T, options string, samples ...device) value {
	t.Helper()
	set := datasource.Parse("f", "[DATASOURCE]\n[[c]]\nds_oid = .1.3\n"+options+"\n[DSTEMPLATE]\n[[t]]\nds = c")
	if len(set.Mistakes) > 0 {
		t.Fatal(set.Mistakes)
	}
	p := newPlan(planKey{template: set.Templates["t"]})
	var before *sample
	var last value
	now := time.Unix(1_700_000_000, 0)
	for i := range samples {
		now = now.Add(samples[i].after)
		r := judge(p, samples[i].bindings(), nil, before, now)
		if last = r.values[0]; !r.early() {
			before = r.sample
		}
	}
	return last
}

func TestRatesWrapAndRestart(t *testing.T) {
	const s, c32, c64, gauge = time.Second, snmp.TagCounter32, snmp.TagCounter64, snmp.TagGauge32
	const derive, derive64 = "ds_type = DERIVE", "ds_type = DERIVE64"
	for name, test := range map[string]struct {
		options string
		samples []device
		want    float64 // NaN for no value
	}{
		"grows":                       {derive, []device{{0, 100, c32, 1000}, {10 * s, 1100, c32, 3000}}, 200},
		"stands":                      {derive, []device{{0, 100, c32, 1000}, {10 * s, 1100, c32, 1000}}, 0},
		"the sheet's wrap, by one":    {derive, []device{{0, 100, c32, 4294967290}, {10 * s, 1100, c32, 15}}, 2.1},
		"wrap of 64 bits":             {derive64, []device{{0, 100, c64, math.MaxUint64 - 9}, {10 * s, 1100, c64, 10}}, 2},
		"large numbers":               {derive64, []device{{0, 100, c64, 1 << 63}, {10 * s, 1100, c64, 1<<63 + 10}}, 1},
		"64 bits called 32":           {derive, []device{{0, 100, c64, 5_000_000_000}, {10 * s, 1100, c64, 5_000_000_010}}, 1},
		"64 bits called 32, cleared":  {derive, []device{{0, 100, c64, 5_000_000_000}, {10 * s, 1100, c64, 10}}, math.NaN()},
		"32 bits called 64":           {derive64, []device{{0, 100, c32, 4294967295}, {10 * s, 1100, c32, 9}}, 1},
		"a gauge that wraps":          {derive, []device{{0, 100, gauge, 4294967295}, {10 * s, 1100, gauge, 9}}, 1},
		"a cleared counter":           {derive64, []device{{0, 100, c64, 1 << 40}, {10 * s, 1100, c64, 10}}, math.NaN()},
		"first":                       {derive, []device{{0, 100, c32, 1000}}, math.NaN()},
		"restart":                     {derive, []device{{0, 100000, c32, 1000}, {10 * s, 500, c32, 10}}, math.NaN()},
		"restart, and soon higher":    {derive, []device{{0, 100000, c32, 1000}, {10 * s, 500, c32, 1010}}, math.NaN()},
		"after a restart":             {derive, []device{{0, 100000, c32, 1000}, {10 * s, 500, c32, 10}, {10 * s, 1500, c32, 20}}, 1},
		"restart after a long time":   {derive, []device{{0, 1000, c32, 1000}, {600 * s, 30000, c32, 10}}, math.NaN()},
		"the clock wraps":             {derive, []device{{0, 4294967000, c32, 1000}, {10 * s, 704, c32, 1010}}, 1},
		"a clock that stands":         {derive, []device{{0, 0, c32, 4294967295}, {10 * s, 0, c32, 9}}, 1},
		"a slow clock":                {derive, []device{{0, 10, c32, 1000}, {10 * s, 20, c32, 1010}}, 1},
		"a wrap beyond the maximum":   {derive + "\nds_max = 1000", []device{{0, 100, c32, 4000}, {10 * s, 1100, c32, 10}}, math.NaN()},
		"a wrap within the maximum":   {derive + "\nds_max = 1000", []device{{0, 100, c32, 4294967295}, {10 * s, 1100, c32, 9}}, 1},
		"more than the maximum":       {derive + "\nds_max = 1", []device{{0, 100, c32, 1000}, {10 * s, 1100, c32, 3000}}, 200},
		"two checks in a moment":      {derive, []device{{0, 100, c32, 1000}, {10 * s, 1100, c32, 3000}, {s / 2, 1150, c32, 9000}}, 200},
		"and then":                    {derive, []device{{0, 100, c32, 1000}, {10 * s, 1100, c32, 3000}, {s / 2, 1150, c32, 9000}, {9*s + s/2, 2100, c32, 5000}}, 200},
		"no object in between":        {derive, []device{{0, 100, c32, 1000}, {10 * s, 1100, snmp.TagNoSuchInstance, 0}, {10 * s, 2100, c32, 2000}}, math.NaN()},
		"a counter as it is":          {"ds_type = COUNTER", []device{{0, 100, c32, 1000}}, 1000},
		"ticks":                       {"ds_type = TIMETICK\nds_calc = 100, div", []device{{0, 100, snmp.TagTimeTicks, 1234}}, 12.34},
		"the calculation comes after": {derive + "\nds_calc = 8, mul", []device{{0, 100, c32, 1000}, {10 * s, 1100, c32, 1001}}, 0.8},
	} {
		got := lives(t, test.options, test.samples...)
		switch {
		case math.IsNaN(test.want) && got.no == "":
			t.Errorf("%s: %v is shown, want none", name, got.x)
		case !math.IsNaN(test.want) && (got.no != "" || got.x != test.want):
			t.Errorf("%s: got %v (%s), want %v", name, got.x, got.no, test.want)
		}
	}
}

func TestASampleOutlivesTheFilesItWasTakenBy(t *testing.T) {
	read := func(order string) *plan {
		set := datasource.Parse("f", "[DATASOURCE]\nds_type=DERIVE\n[[a]]\nds_oid=.1.3.1\n[[b]]\nds_oid=.1.3.2\n[DSTEMPLATE]\n[[t]]\nds="+order)
		return newPlan(planKey{template: set.Templates["t"]})
	}
	old, now := read("a,b"), read("b,a")
	s := &sample{plan: old, shown: []float64{1, 2}}
	if x, ok := s.last(now, 0); !ok || x != 2 {
		t.Errorf("the value of b before: %v, %v", x, ok)
	}
	other := newPlan(planKey{template: now.template, instance: "7"})
	if x, ok := s.last(other, 0); ok {
		t.Errorf("the value of another instance before: %v", x)
	}
}

func TestValuesAreNumbersOrTexts(t *testing.T) {
	for name, test := range map[string]struct {
		b    snmp.Binding
		x    float64
		ok   bool
		text string
	}{
		"integer":      {snmp.Binding{Tag: snmp.TagInteger, Value: []byte{0xff, 0x38}}, -200, true, "-200"},
		"counter":      {snmp.Binding{Tag: snmp.TagCounter32, Value: []byte{0, 0xff, 0xff, 0xff, 0xff}}, math.MaxUint32, true, "4294967295"},
		"text":         {snmp.Binding{Tag: snmp.TagOctets, Value: []byte("eth0\x00")}, 0, false, "eth0"},
		"number":       {snmp.Binding{Tag: snmp.TagOctets, Value: []byte(" 17.5\n")}, 17.5, true, " 17.5\n"},
		"not finite":   {snmp.Binding{Tag: snmp.TagOctets, Value: []byte("inf")}, 0, false, "inf"},
		"octets":       {snmp.Binding{Tag: snmp.TagOctets, Value: []byte{0, 0x1b, 0xff}}, 0, false, "0x001bff"},
		"address":      {snmp.Binding{Tag: snmp.TagIPAddress, Value: []byte{10, 0, 0, 1}}, 0, false, "10.0.0.1"},
		"oid":          {snmp.Binding{Tag: snmp.TagOID, Value: []byte{0x2b, 6, 1}}, 0, false, ".1.3.6.1"},
		"float":        {snmp.Binding{Tag: snmp.TagOpaque, Value: []byte{0x9f, 0x78, 4, 0x3f, 0xc0, 0, 0}}, 1.5, true, "1.5"},
		"short float":  {snmp.Binding{Tag: snmp.TagOpaque, Value: []byte{0x9f, 0x78, 4, 0x3f}}, 0, false, ""},
		"empty number": {snmp.Binding{Tag: snmp.TagInteger}, 0, false, "0"},
	} {
		if x, ok := number(&test.b); ok != test.ok || ok && x != test.x {
			t.Errorf("%s is the number %v, %v", name, x, ok)
		}
		if got := text(&test.b); got != test.text {
			t.Errorf("%s is the text %q, want %q", name, got, test.text)
		}
	}
}

func TestWordsAreDividedAsByShlex(t *testing.T) {
	for line, want := range map[string]string{
		`a  b\ c 'd "e' "f \" \n" g"h"i ''`: `a|b c|d "e|f " \n|ghi|`,
		`-i map(x,y) $a$ ; # *`:             `-i|map(x,y)|$a$|;|#|*`,
	} {
		got, err := words(line)
		joined := ""
		for i, w := range got {
			if i > 0 {
				joined += "|"
			}
			joined += w
		}
		if err != nil || joined != want {
			t.Errorf("%s: got %s, %v, want %s", line, joined, err, want)
		}
	}
	for _, line := range []string{`'a`, `"a`, `a\`} {
		if got, err := words(line); err == nil {
			t.Errorf("%s: got %q", line, got)
		}
	}
}

func FuzzOwn(f *testing.F) {
	f.Add("check_snmp_booster -H a -A ::1 -t x -i 1 --datasource d -d a -v 1 -N m -n 'x y' -T t")
	f.Add("check_snmp_booster -i \"map(a,b)\" -C --host-name=")
	m := New(Options{})
	f.Fuzz(func(t *testing.T, line string) {
		if m.Own(line) == nil {
			t.Error("no probe")
		}
	})
}

func FuzzJudge(f *testing.F) {
	f.Add(byte(snmp.TagCounter32), []byte{1, 2}, byte(snmp.TagOctets), []byte("12"))
	set := datasource.Parse("f", "[DATASOURCE]\n[[a]]\nds_type=DERIVE\nds_oid=.1.3.1\nds_max_oid=.1.3.2\n[[b]]\nds_type=TEXT\nds_oid=.1.3.2\n"+
		"[DSTEMPLATE]\n[[t]]\nds=a,b\n[TRIGGER]\n[[t]]\ncritical=a.prct(),b,gt,a.diff(),or_\n[TRIGGERGROUP]\ng=t")
	p := newPlan(planKey{template: set.Templates["t"], group: set.Groups["g"]})
	f.Fuzz(func(_ *testing.T, tag byte, value []byte, tag2 byte, value2 []byte) {
		bindings := []snmp.Binding{{Tag: tag, Value: value}, {Tag: tag2, Value: value2}, {Tag: tag, Value: value2}}
		before := judge(p, bindings, nil, nil, time.Unix(1, 0)).sample
		judge(p, bindings, nil, before, time.Unix(60, 0)).result()
	})
}
