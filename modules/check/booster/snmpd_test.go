package booster_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules/check/booster"
)

const snmpdConf = `agentAddress udp:127.0.0.1:PORT
rocommunity secret
sysLocation Rack 7
pass_persist .1.3.6.1.4.1.99999.1 /bin/sh PASS
`

// pass is a script behind snmpd, in the protocol of its directive pass_persist (pass keeps what it heard for 30 s): a
// counter of 32 bits whose value a file has.
const pass = `while read -r command; do
    case "$command" in
    PING) echo PONG ;;
    get) read -r oid; if [ "$oid" = .1.3.6.1.4.1.99999.1.0 ]; then echo "$oid"; echo counter; cat COUNTER; else echo NONE; fi ;;
    *) read -r oid; echo NONE ;;
    esac
done
`

const snmpdFiles = `
[DATASOURCE]
    [[location]]
        ds_type = TEXT
        ds_oid = .1.3.6.1.2.1.1.6.0
    [[up]]
        ds_type = TIMETICKS
        ds_oid = .1.3.6.1.2.1.1.3.0
    [[count]]
        ds_type = DERIVE
        ds_oid = .1.3.6.1.4.1.99999.1.0
    [[in]]
        ds_type = COUNTER
        ds_oid = .1.3.6.1.2.1.2.2.1.10.%(instance)s
    [[type]]
        ds_type = GAUGE
        ds_oid = .1.3.6.1.2.1.2.2.1.3.%(instance)s
[MAP]
    [[interface-name]]
        base_oid = .1.3.6.1.2.1.2.2.1.2
[DSTEMPLATE]
    [[system]]
        ds = location, up
    [[counter]]
        ds = count
    [[interface]]
        ds = in, type
[TRIGGER]
    [[loopback]]
        critical = type, 24, eq
[TRIGGERGROUP]
    loopback = loopback
`

// TestDebiansSNMPdIsAskedFromTheFilesToTheRate goes the whole way with a real agent.
func TestDebiansSNMPdIsAskedFromTheFilesToTheRate(t *testing.T) {
	program, dir := realpeer.Program(t, "snmpd", "snmpd"), realpeer.Dir(t)
	port, counter := strconv.Itoa(realpeer.UDPPort(t)), filepath.Join(dir, "counter")
	count := func(n string) {
		if err := os.WriteFile(counter, []byte(n+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := realpeer.File(t, dir, "pass.sh", strings.ReplaceAll(pass, "COUNTER", counter))
	conf := realpeer.File(t, dir, "snmpd.conf", strings.NewReplacer("PORT", port, "PASS", script).Replace(snmpdConf))
	t.Setenv("SNMP_PERSISTENT_DIR", filepath.Join(dir, "state"))
	t.Setenv("MIBS", "")
	p := realpeer.Start(t, program, "-f", "-C", "-c", conf, "-Lo")
	p.Until(t, "answers on port "+port, func() error {
		if strings.Contains(p.Output(), "NET-SNMP version") {
			return nil
		}
		return errors.New("it has not said its version")
	})
	files := realpeer.File(t, dir, "Defaults_snmpd.ini", snmpdFiles)
	engine := snmp.New(snmp.Options{})
	t.Cleanup(func() { engine.Close() })
	b := &bench{t: t, module: booster.New(booster.Options{Engine: engine})}
	line := "check_snmp_booster -H here -A localhost -S s -C secret -P " + port + " --datasource " + files
	want := func(options string, state int, pattern string) {
		t.Helper()
		o := b.run(line + options)
		if got := o.Output + "|" + o.Perfdata; int(o.State) != state || !regexp.MustCompile("^"+pattern+"$").MatchString(got) {
			t.Errorf("%s: got %d %q, want %d %q", options, o.State, got, state, pattern)
		}
	}
	count("4294967290")
	want(" -t system", 0, `location: Rack 7 # up: \d+\.00\|up=\d+\.00;;;;`)
	want(" -t interface -N interface-name -n lo -T loopback", 2, `in: \d+\.00 # type: 24\.00\|in=\d+\.00;;;; type=24\.00;;;;`)
	want(" -t interface -N interface-name -n no_such", 3, `Mapping of instance 'no_such' not done: .*\|`)
	want(" -t counter", 0, `count: Waiting an additional check to calculate derive\|`)
	count("100000") // it has wrapped
	p.Until(t, "shows a rate", func() error {
		o := b.run(line + " -t counter")
		if strings.Contains(o.Output, "Waiting") {
			return errors.New(o.Output)
		}
		rate, err := strconv.ParseFloat(strings.TrimPrefix(o.Output, "count: "), 64)
		if err == nil && (rate > 100_006/1.0 || rate < 100_006/30.0) {
			t.Errorf("%s: of 100,006 in a few seconds", o.Output)
		}
		return err
	})
	want(" -V 1 -t counter", 0, `count: Waiting an additional check to calculate derive\|`)
}
