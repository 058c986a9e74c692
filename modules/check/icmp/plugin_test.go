package icmp_test

import (
	"errors"
	osexec "os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/check/icmp"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// real runs a plugin and gives what it says.
func real(t testing.TB, inside []string, line string) monitor.Outcome {
	t.Helper()
	argv := strings.Fields(line)
	argv[0] = realpeer.Program(t, argv[0], "monitoring-plugins-standard")
	argv = append(inside[:len(inside):len(inside)], argv...)
	out, err := osexec.Command(argv[0], argv[1:]...).Output()
	exit := 0
	if e, ok := errors.AsType[*osexec.ExitError](err); ok {
		exit = e.ExitCode()
	} else if err != nil {
		t.Error(err)
	}
	return plugin.Outcome(out, nil, exit, 0)
}

// ours runs the same line in the module.
func ours(t testing.TB, m *icmp.Module, line string) monitor.Outcome {
	t.Helper()
	p, err := m.Parse(strings.Fields(line))
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return monitor.Outcome{}
	}
	o, err := p.Run(t.Context())
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
	return o
}

var measured = regexp.MustCompile(`(rta |rta=|rtmax=|rtmin=|RTA = )\d+\.\d+`)

// comparable takes out what differs from run to run.
func comparable(o monitor.Outcome) monitor.Outcome {
	o.Output = measured.ReplaceAllString(o.Output, "${1}N")
	o.Perfdata = strings.TrimSpace(measured.ReplaceAllString(o.Perfdata, "${1}N"))
	o.LongOutput = "" // the plugin's usage, and our causes
	if o.State == monitor.Unknown {
		o.Perfdata = "" // the plugin's usage has a vertical bar
	}
	return o
}

func module(t testing.TB) *icmp.Module {
	t.Helper()
	m := icmp.New(icmp.Options{})
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// tries is how often a line may differ: the kernel says that a neighbour is not there some seconds after the first packet
// to it, whoever sent that, so that of two that are not quite at the same time only one may hear it.
const tries = 3

// sameAsPlugin runs each line with the plugin and with the module, all at once.
func sameAsPlugin(t *testing.T, inside []string, lines string) {
	t.Helper()
	m := module(t)
	ours(t, m, "check_icmp -n 1 127.0.0.1") // opens the sockets in the test's network namespace
	ours(t, m, "check_icmp -n 1 ::1")
	var wg sync.WaitGroup
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		wg.Go(func() {
			diff := ""
			for range tries {
				var theirs monitor.Outcome
				var both sync.WaitGroup
				both.Go(func() { theirs = comparable(real(t, inside, line)) })
				own := comparable(ours(t, m, line))
				both.Wait()
				if diff = cmp.Diff(theirs, own); diff == "" {
					return
				}
			}
			t.Errorf("%s: the plugin's answer (-) and ours (+):\n%s", line, diff)
		})
	}
	wg.Wait()
}

func TestSameAsThePluginsOnLoopback(t *testing.T) {
	realpeer.Root(t, "raw ICMP sockets")
	sameAsPlugin(t, nil, `
		check_icmp 127.0.0.1
		check_icmp -H 127.0.0.1 -n 1
		check_icmp 127.0.0.2 -p 2 -w 300.5,10% -c 1s,20 -b 1000 -l 9 -t 3 -i 10ms -I 5
		check_icmp -w 200.25,40% -c 1.5s,60% -n 1 127.0.0.1
		check_icmp 127.0.0.1 127.0.0.2 127.0.0.1 -n 2
		check_icmp -4 localhost -n 1
		check_icmp -6 ::1 -n 1
		check_icmp ::1 -n 2
		check_icmp -n 2 -w 1us,10% -c 2s,20% 127.0.0.1
		check_icmp -n 2 -w 1us,10% -c 2us,20% 127.0.0.1
		check_icmp -n 2 -w 1us,10% -c 2s,20% 127.0.0.1 127.0.0.2 -m 1
		check_icmp -n 1 -w 100 -c 50 127.0.0.1
		check_icmp -n 1 -c 100.0,0% 127.0.0.1
		check_icmp -H name.invalid
		check_icmp -n 1 -s 127.0.0.3 127.0.0.1
		check_icmp -n 1 -s 203.0.113.9 127.0.0.1
		check_host 127.0.0.1
		check_host 127.0.0.1 127.0.0.2 -n 3
		check_rta_multi 127.0.0.1 127.0.0.2 -n 2
		check_ping -H 127.0.0.1 -w 100,20% -c 500,60% -p 2
		check_ping -H 127.0.0.1 -w 3000.0,80% -c 5000.0,100% -p 1
		check_ping --hostname=127.0.0.2 --warning 3000.1:80% --critical=5000.0,100% --packets 1 --timeout 5 --link -4
		check_ping -H ::1 -w 100,20% -c 500,60% -p 1
		check_ping -6 -H ::1 -w 100,20% -c 500,60% -p 1 -n
		check_ping 127.0.0.1 -w 100 -c 500 -w 20% -c 60% -p 1
		check_ping -H 127.0.0.1 -w 0,0% -c 500,60% -p 1
		check_ping -H 127.0.0.1 -w 0.001,20% -c 500,60% -p 1
		check_ping -H 127.0.0.1 -w 0.001,20% -c 0.001,60% -p 1
		check_ping -H name.invalid -w 100,20% -c 500,60%
	`)
}

// deaths are targets that do not answer, each in another way; see network.
const deaths = `
	check_icmp -n 2 -c 100,100% 10.97.0.9
	check_icmp -n 1 -t 1 10.97.0.9
	check_icmp -n 2 -c 400,100% 10.97.0.8 127.0.0.1
	check_icmp -n 2 -c 400,100% -m 1 10.97.0.8 127.0.0.1
	check_icmp -n 1 -c 400,100% -m 2 10.97.0.8 127.0.0.1
	check_icmp -n 2 10.98.1.1
	check_icmp -n 2 10.98.2.1
	check_icmp -n 2 10.96.0.1
	check_icmp -n 1 -c 4s,100% 10.99.0.9
	check_host 10.99.0.9
	check_ping -H 10.97.0.9 -w 100,20% -c 500,60% -p 1 -t 1
	check_ping -H 10.97.0.9 -w 100,20% -c 500,100% -p 1 -t 1 -L
	check_ping -H 10.98.2.1 -w 100,20% -c 500,60% -p 1
	check_ping -H 10.96.0.1 -w 100,20% -c 500,60% -p 1
	check_ping -H 10.99.0.9 -w 100,20% -c 500,60% -p 1
`

func TestSameAsThePluginsWithTheDead(t *testing.T) {
	inside := network(t, "")
	sameAsPlugin(t, inside, deaths)
}

// check_icmp only knows raw sockets, so it is the oracle here too.
func TestSameAsThePluginsOnAPingSocket(t *testing.T) {
	inside := network(t, "sysctl -q net.ipv4.ping_group_range=0\t0")
	sameAsPlugin(t, inside, deaths+`
		check_icmp 127.0.0.1 -n 3 -l 3 -s 127.0.0.2
		check_icmp ::1 -n 3 -l 3
		check_ping -H ::1 -w 100,20% -c 500,60% -p 1
	`)
}

func TestCheckPingOfABlackHoleIsUnknown(t *testing.T) {
	inside := network(t, "")
	const line = "check_ping -H 10.98.1.1 -w 100,20% -c 500,60% -p 1"
	want, got := real(t, inside, line), ours(t, module(t), line)
	if got.State != want.State || got.State != monitor.Unknown || !strings.Contains(got.Output, "invalid argument") {
		t.Errorf("got %+v, the plugin says %+v", got, want)
	}
}
