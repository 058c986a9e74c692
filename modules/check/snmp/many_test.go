package snmp_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/snmp"
	"github.com/onbu/onbu/monitor"
)

// counted counts the answers that are right.
type counted struct {
	right *atomic.Int32
	wrong *atomic.Pointer[string] // the first that was not
	group *sync.WaitGroup
	want  string
}

func (c *counted) Done(o monitor.Outcome, err error) {
	if err == nil && strings.Contains(o.Output, c.want) {
		c.right.Add(1)
	} else {
		c.wrong.CompareAndSwap(nil, new(fmt.Sprintf("%+v, %v, want %s", o, err, c.want)))
	}
	c.group.Done()
}

func TestSNMPdIsAskedTenThousandTimes(t *testing.T) {
	port := startSNMPd(t)
	m := snmp.New(snmp.Options{})
	defer m.Close()
	var lines []*counted
	var probes []modules.Starter
	var group sync.WaitGroup
	var right atomic.Int32
	var wrong atomic.Pointer[string]
	for line, want := range map[string]string{
		"-o 1.3.6.1.2.1.1.5.0":            `"onbu-test"`,
		"-P 2c -o 1.3.6.1.2.1.1.7.0 -w 1": "SNMP WARNING - *72*",
		"-P 2c -n -o 1.3.6.1.2.1.1.6":     `Rack 7, \\\"row\\\" b`,
		"-P 2c -o 1.3.6.1.2.1.1.4.0":      `"me@example.org"`,
	} {
		p, err := m.Parse(append([]string{"check_snmp", "-H", "127.0.0.1", "-p", port}, words(line)...))
		if err != nil {
			t.Fatal(err)
		}
		probes, lines = append(probes, p.(modules.Starter)), append(lines, &counted{right: &right, wrong: &wrong, group: &group, want: want})
	}
	const most = 10_000
	for i := range most {
		group.Add(1)
		probes[i%len(probes)].Start(time.Now().Add(time.Minute), lines[i%len(lines)])
		if i%20 == 19 { // what is under way at once is merged
			group.Wait()
		}
	}
	if right.Load() != most {
		t.Errorf("%d of %d answers were right; wrong was %s", right.Load(), most, *wrong.Load())
	}
}
