package booster_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gosnmp/gosnmp"

	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/booster"
	"github.com/onbu/onbu/monitor"
)

const files = `
[DATASOURCE]
    Descr  = .1.3.6.1.2.1.2.2.1.2
    In     = .1.3.6.1.2.1.2.2.1.10
    Out    = .1.3.6.1.2.1.2.2.1.16
    Speed  = .1.3.6.1.2.1.2.2.1.5
    [[descr]]
        ds_type = TEXT
        ds_oid = $Descr.%(instance)s
    [[oper]]
        ds_type = GAUGE
        ds_oid = .1.3.6.1.2.1.2.2.1.8.%(instance)s
    [[in]]
        ds_type = DERIVE
        ds_unit = bps
        ds_calc = 8,mul
        ds_oid = $In.%(instance)s
        ds_max_oid = $Speed.%(instance)s
        ds_min_oid_value = 0
    [[in_raw]]
        ds_type = COUNTER
        ds_name = in raw
        ds_oid = $In.%(instance)s
    [[temp]]
        ds_type = GAUGE
        ds_name = temperature
        ds_unit = C
        ds_calc = 10,div
        ds_oid = .1.3.6.1.4.1.9.1.0
        ds_max = 80
    [[up]]
        ds_type = TIMETICKS
        ds_unit = s
        ds_calc = 100,div
        ds_oid = .1.3.6.1.2.1.1.3.0
    [[broken]]
        ds_type = GAUGE
        ds_oid = .1.3.6.1.4.1.9.2.0
        ds_calc = 0,div
[MAP]
    [[interface-name]]
        base_oid = .1.3.6.1.2.1.2.2.1.2
[DSTEMPLATE]
    [[interface]]
        ds = in, oper
    [[raw]]
        ds = in_raw, descr
    [[chassis]]
        ds = temp, up
    [[half]]
        ds = temp, broken
    [[missing]]
        ds = in, tmp
[TRIGGER]
    default_status = 3
    [[down]]
        critical = oper, 1, ne
    [[busy]]
        warning = in.prct(), 50.5, gt
        default_status = 1
    [[hot]]
        warning = temp.last(), 30, gt
        critical = temp.last(), 40, gt
    [[stuck]]
        warning = temp.diff()
    [[percent]]
        critical = temp.prct(), 50, gt
    [[undefined]]
        critical = broken, 5, gt
[TRIGGERGROUP]
    port = busy, down
    link = down
    chassis = hot
    stuck = stuck
    all = undefined, percent
    torn = gone, hot
`

// bench is a module with an agent that it asks.
type bench struct {
	t testing.TB
	*agent
	module *booster.Module
	folder string
}

func start(t testing.TB) *bench {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "Defaults_test.ini"), []byte(files), 0o644); err != nil {
		t.Fatal(err)
	}
	engine := snmp.New(snmp.Options{})
	t.Cleanup(func() { engine.Close() })
	return &bench{t, startAgent(t), booster.New(booster.Options{Engine: engine}), folder}
}

// check runs a line of the second generation.
func (b *bench) check(options string) monitor.Outcome {
	b.t.Helper()
	return b.run("check_snmp_booster -H sw1 -A 127.0.0.1 -S 'Port 3' -P " + b.port + " -s 1 -e 0 --datasource " + b.folder + " " + options)
}

func (b *bench) run(line string) monitor.Outcome {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	o, err := b.module.Own(line).Run(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

func (b *bench) want(options string, state monitor.State, output, perf string) {
	b.t.Helper()
	want := monitor.Outcome{State: state, Output: output, Perfdata: perf}
	if diff := cmp.Diff(want, b.check(options)); diff != "" {
		b.t.Errorf("%s: want (-), got (+):\n%s", options, diff)
	}
}

const (
	temp   = "1.3.6.1.4.1.9.1.0"
	uptime = "1.3.6.1.2.1.1.3.0"
	descr  = "1.3.6.1.2.1.2.2.1.2."
	oper   = "1.3.6.1.2.1.2.2.1.8."
	octets = "1.3.6.1.2.1.2.2.1.10."
	speed  = "1.3.6.1.2.1.2.2.1.5."
)

func (b *bench) interfaces(names ...string) {
	for i, name := range names {
		n := string(rune('1' + i))
		b.set(descr+n, gosnmp.OctetString, name, oper+n, gosnmp.Integer, 1, octets+n, gosnmp.Counter32, uint32(1000*(i+1)), speed+n, gosnmp.Gauge32, uint32(1e9))
	}
	b.set(uptime, gosnmp.TimeTicks, uint32(360000))
}

func TestValuesAreShownAndJudgedAsByTheSecondGeneration(t *testing.T) {
	b := start(t)
	b.interfaces("lo", "eth 0")
	b.set(temp, gosnmp.Gauge32, uint32(315), "1.3.6.1.4.1.9.2.0", gosnmp.Integer, 5)
	const shown, perf = "temperature: 31.50C # up: 3600.00s", "temperature=31.50C;;;;80.00 up=3600.00s;;;;"
	b.want("-t chassis", 0, shown, perf)
	b.want("-t chassis -T chassis", 1, shown, perf)
	b.want("-t chassis -T None -i -n -V 1", 0, shown, perf)
	b.want("-t chassis -d temp -v 100 -T None", 0, shown, "temperature=31.50C;;;;100.00 up=3600.00s;;;;")
	b.set(temp, gosnmp.OctetString, " 405 ")
	b.want("-t chassis -T chassis", 2, "temperature: 40.50C # up: 3600.00s", "temperature=40.50C;;;;80.00 up=3600.00s;;;;")
	b.want("-t raw -i 2", 0, "in raw: 2000.00 # descr: eth 0", "'in raw'=2000.00;;;;")
	b.want("-t half -T all", 2, "temperature: 40.50C # broken: broken: ds_calc: division by zero", "temperature=40.50C;;;;80.00")
	b.want("-t half -T torn", 2, "temperature: 40.50C # broken: broken: ds_calc: division by zero", "temperature=40.50C;;;;80.00")
	b.set(temp, gosnmp.Gauge32, uint32(200))
	b.want("-t half -T all", 3, "TRIGGER ERROR: 'No data found for DS: 'broken'' - temperature: 20.00C # broken: broken: ds_calc: division by zero",
		"temperature=20.00C;;;;80.00")
	if o := b.check("-t half -T torn"); o.State != 3 || !strings.Contains(o.Output, "[TRIGGER] has no gone") {
		t.Errorf("a trigger that is not there: %v", o)
	}
}

func TestWhatTheDeviceDoesNotHaveIsUnknown(t *testing.T) {
	b := start(t)
	b.set(uptime, gosnmp.TimeTicks, uint32(100))
	for _, version := range []string{"1", "2c"} {
		const absent = "Oid not found on the device: .1.3.6.1.4.1.9.1.0"
		b.want("-V "+version+" -t chassis", 0, absent+" # up: 1.00s", "up=1.00s;;;;")
		b.want("-V "+version+" -t chassis -T chassis", 3, "TRIGGER ERROR: 'No data found for DS: 'temp'' - "+absent+" # up: 1.00s", "up=1.00s;;;;")
		b.remove(uptime)
		b.want("-V "+version+" -t chassis", 3, absent, "")
		b.set(uptime, gosnmp.TimeTicks, uint32(100))
	}
	b.silence()
	b.want("-t chassis", 3, "No SNMP response received before timeout", "")
}

func TestDiffComparesWithTheCheckBefore(t *testing.T) {
	b := start(t)
	b.set(temp, gosnmp.Gauge32, uint32(200), uptime, gosnmp.TimeTicks, uint32(100))
	if o := b.check("-t chassis -T stuck"); o.State != 3 || !strings.HasPrefix(o.Output, "TRIGGER ERROR: 'No value of the check before for DS: 'temp''") {
		t.Errorf("the first check: %v", o)
	}
	if o := b.check("-t chassis -T stuck"); o.State != 1 {
		t.Errorf("the same value: %v", o)
	}
	b.set(temp, gosnmp.Gauge32, uint32(201))
	if o := b.check("-t chassis -T stuck"); o.State != 0 {
		t.Errorf("another value: %v", o)
	}
}

func TestInstancesAreFoundByNameAndFollowedWhenTheyMove(t *testing.T) {
	b := start(t)
	b.interfaces("lo", "FastEthernet0/1", "FastEthernet0/2")
	const line = "-t interface -T link -N interface-name -n FastEthernet0_2"
	const waits = "in: Waiting an additional check to calculate derive # oper: 1.00"
	b.want(line, 0, waits, "oper=1.00;;;;")
	if _, walks := b.counts(); walks == 0 {
		t.Error("the name was found without a walk")
	}
	b.check(line)
	if gets, walks := b.counts(); walks != 0 || len(gets) != 4 {
		t.Errorf("the second check took %d walks and asked for %v", walks, gets)
	}
	// The agent begins anew with other indexes: what is asked for by the old one is another interface's.
	b.interfaces("lo", "FastEthernet0/2", "FastEthernet0/1")
	b.set(uptime, gosnmp.TimeTicks, uint32(500), oper+"2", gosnmp.Integer, 2)
	if o := b.check(line); o.State != 2 || !strings.HasSuffix(o.Output, "oper: 2.00") {
		t.Errorf("after the move: %v", o)
	}
	// An interface that is gone leaves nothing behind.
	b.remove(descr+"2", oper+"2", octets+"2", speed+"2")
	if o := b.check(line); o.State != 3 || !strings.HasPrefix(o.Output, "Mapping of instance 'FastEthernet0_2' not done") {
		t.Errorf("an interface that is gone: %v", o)
	}
	b.set(descr+"9", gosnmp.OctetString, "FastEthernet0/2", oper+"9", gosnmp.Integer, 1, octets+"9", gosnmp.Counter32, uint32(1))
	if o := b.check(line); o.State != 0 {
		t.Errorf("an interface that is back: %v", o)
	}
}

func TestTheFirstGenerationsLinesAreUnderstood(t *testing.T) {
	b := start(t)
	b.interfaces("lo", "FastEthernet0/1")
	b.set("1.3.6.1.2.1.2.2.1.8.0", gosnmp.Integer, 7)
	line := "check_snmp_booster -H 127.0.0.1 -C public -V 2c -P " + b.port + " --datasource " + b.folder
	for options, want := range map[string]string{
		` -t interface -i map(interface-name,FastEthernet0/1) -T $_SERVICETRIGGERGROUP`: "oper: 1.00",
		` -t interface -i "map( interface-name , FastEthernet0_1 )"`:                    "oper: 1.00",
		` -t interface -i $_SERVICEINST$ -T None`:                                       "oper: 7.00",
	} {
		if o := b.run(line + options); o.State != 0 || !strings.HasSuffix(o.Output, want) {
			t.Errorf("%s: %v", options, o)
		}
	}
}

func TestLinesThatAreWrongSaySo(t *testing.T) {
	b := start(t)
	const whole = "-H sw1 -A 127.0.0.1 -t interface --datasource "
	for options, want := range map[string]string{
		"-A 127.0.0.1 --datasource x": "no template: give one with -t",
		"-t interface --datasource x": "no host",
		"-H sw1 -A 127.0.0.1 -t x":    "where are the datasource files?",
		whole + "x -n eth0":           "-n names an instance, and no map",
		whole + "x -V 3":              "versions 1 and 2c",
		whole + "x -P 70000":          "-P: ",
		whole + "x -d a,b -v 1":       "-d has 2 datasources and -v 1",
		whole + "x -d a -v many":      "no number",
		whole + "x -i eth0":           "eth0 is no instance",
		whole + "x -i map(a)":         "write map(NAME,INSTANCE)",
		whole + "x -x":                "option -x is not known",
		whole + "x stray":             `"stray" is no option`,
		whole + "x -T":                "option -T needs a value",
		whole + "'x":                  "a quote is never closed",
	} {
		o := b.run("check_snmp_booster " + options)
		if o.State != 3 || !strings.HasPrefix(o.Output, "Command line parsing error: `") || !strings.Contains(o.Output, want) {
			t.Errorf("%s: got %v, want %q", options, o, want)
		}
	}
	for options, want := range map[string]string{
		"-t interfaces -i 1":             "has no interfaces (did you mean interface?)",
		"-t interface -i 1 -T prot":      "has no prot (did you mean port?)",
		"-t interface -n lo -N interfac": "has no interfac",
		"-t interface":                   "datasource in needs an instance",
		"-t missing -i 1":                "Defaults_test.ini:53: template missing: [DATASOURCE] has no tmp",
	} {
		if o := b.check(options); o.State != 3 || !strings.Contains(o.Output, want) {
			t.Errorf("%s: got %v, want %q", options, o, want)
		}
	}
}

func TestVerifySaysWhatALineCannotWorkWith(t *testing.T) {
	b := start(t)
	line := "check_snmp_booster -H sw1 -A 127.0.0.1 --datasource " + b.folder + " -t chassis -T "
	for group, want := range map[string]string{
		"chassis": "",
		"port":    "trigger busy of group port asks for in, which template chassis does not have",
		"torn":    "[TRIGGER] has no gone",
		"tron":    "did you mean torn?",
	} {
		wrong, doubtful := b.module.Own(line + group).(modules.Verifier).Verify()
		if got := strings.Join(wrong, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", group, got, want)
		}
		if got := strings.Join(doubtful, "\n"); !strings.Contains(got, "template missing") {
			t.Errorf("%s: of the rest of the files it says %q", group, got)
		}
	}
	if wrong, _ := b.module.Own("check_snmp_booster -H x").(modules.Verifier).Verify(); len(wrong) != 1 {
		t.Errorf("a wrong line: %q", wrong)
	}
}
