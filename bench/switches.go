package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// switchServices is how many services a switch has, each with switchObjects objects of its own.
	switchServices = 15
	switchObjects  = 25
	switchPorts    = 24
	switchTarget   = "snmp"
)

// switches is the scenario of switches that are looked at whole: 375 objects of each, for 15 services.
func switches() scenario {
	return scenario{
		name: "snmp-switches", about: "snmp_booster: 375 objects of a 24-port switch, for 15 services", services: 15_000, interval: 10 * time.Second,
		loads: []load{{
			name: "switches", parts: 1, target: switchTarget, module: "booster", perHost: switchServices, prepare: switchFiles,
			command: "check_snmp_booster -H $HOSTNAME$ -A $HOSTADDRESS$ -S $SERVICEDESC$ -P PORT -t $SERVICEDESC$ --datasource DIR/switch.ini",
		}},
		noPlugin: true,
		beside:   func(r *run, _ *engine, _ *site) sideshow { return &requests{run: r, kind: switchTarget} },
	}
}

// switchFiles writes the datasources: each service has a column of all ports, and one object of the switch itself.
func switchFiles(dir string, _ int) error {
	const gauge, derive, derive64 = "GAUGE", "DERIVE", "DERIVE64"
	const ifEntry, ifXEntry, storage = "1.3.6.1.2.1.2.2.1.", "1.3.6.1.2.1.31.1.1.1.", "1.3.6.1.2.1.25.2.3.1."
	columns := [switchServices]struct{ kind, column, other string }{
		{derive, ifEntry + "10", "1.3.6.1.2.1.2.1.0"},
		{derive, ifEntry + "11", "1.3.6.1.2.1.25.3.3.1.2.1"},
		{derive, ifEntry + "13", "1.3.6.1.2.1.25.3.3.1.2.2"},
		{derive, ifEntry + "14", "1.3.6.1.4.1.2021.10.1.5.1"},
		{derive, ifEntry + "16", "1.3.6.1.4.1.2021.10.1.5.2"},
		{derive, ifEntry + "17", "1.3.6.1.4.1.2021.10.1.5.3"},
		{derive, ifEntry + "19", storage + "5.1"},
		{derive, ifEntry + "20", storage + "5.2"},
		{derive, ifXEntry + "2", storage + "5.3"},
		{derive, ifXEntry + "4", storage + "5.4"},
		{derive64, ifXEntry + "6", storage + "6.1"},
		{derive64, ifXEntry + "10", storage + "6.2"},
		{gauge, ifXEntry + "15", storage + "6.3"},
		{gauge, ifEntry + "7", storage + "6.4"},
		{gauge, ifEntry + "8", "1.3.6.1.2.1.1.7.0"},
	}
	sources, templates := strings.Builder{}, strings.Builder{}
	for i, c := range columns {
		fmt.Fprintf(&templates, "[[s%d]]\n\tds = other%d", i, i)
		fmt.Fprintf(&sources, "[[other%d]]\n\tds_type = GAUGE\n\tds_oid = .%s\n", i, c.other)
		for port := 1; port <= switchPorts; port++ {
			fmt.Fprintf(&templates, ", s%d_port%d", i, port)
			fmt.Fprintf(&sources, "[[s%d_port%d]]\n\tds_type = %s\n\tds_name = port%d\n\tds_oid = .%s.%d\n", i, port, c.kind, port, c.column, port)
		}
		templates.WriteByte('\n')
	}
	text := "[DATASOURCE]\n" + sources.String() + "[DSTEMPLATE]\n" + templates.String()
	return os.WriteFile(filepath.Join(dir, "switch.ini"), []byte(text), 0o644)
}

// requests counts what the targets of a kind are asked.
type requests struct {
	kind          string // of the targets
	run           *run
	before, since int64
}

// during implements sideshow.
func (c *requests) during(ctx context.Context, begun <-chan struct{}) (err error) {
	select {
	case <-begun:
	case <-ctx.Done():
		return nil
	}
	whole := context.WithoutCancel(ctx)
	if c.before, err = c.count(whole); err != nil {
		return err
	}
	<-ctx.Done()
	c.since, err = c.count(whole)
	return err
}

func (c *requests) count(ctx context.Context) (int64, error) {
	for _, t := range c.run.targets {
		if t.kind == c.kind {
			return t.count(ctx)
		}
	}
	return 0, fmt.Errorf("no fake target %s runs", c.kind)
}

// after implements sideshow.
func (c *requests) after(_ context.Context, f *Figures) ([]string, error) {
	asked, looks := c.since-c.before, f.CompletedPerS*f.took.Seconds()/switchServices
	return []string{fmt.Sprintf("the switches answered %s requests: %.2f for each look at the %d objects of one.",
		thousands(int(asked)), float64(asked)/max(looks, 1), switchServices*switchObjects)}, nil
}

// targetAnswered is what a fake target writes when it is asked to count.
var targetAnswered = regexp.MustCompile(`^answered (\d+)$`)

// count asks how many requests the target has answered.
func (t *fakeTarget) count(ctx context.Context) (int64, error) {
	t.lines.expect(targetAnswered)
	if _, err := fmt.Fprintln(t.input, "count"); err != nil {
		return 0, fmt.Errorf("asking the fake target %s to count: %w", t.kind, err)
	}
	text, err := t.said(ctx)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
