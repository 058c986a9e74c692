// Package graphite knows how the metrics of checks come to Graphite: which path each has, as Shinken's graphite modules name
// them, and how carbon takes them, in lines of text or pickled. Each target has a place of its own in the stream.
package graphite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// New reads a definition. The result gives one exporter for each target.
func New(s *modules.Settings, e modules.Env, o modules.Outlook) modules.Exporter {
	c := readConfig(s)
	return newModule(s.Name(), c, e, o)
}

func newModule(name string, c *config, e modules.Env, o modules.Outlook) modules.Exporter {
	var share *ring
	if c.byHash {
		share = newRing(c.targets)
	}
	m := &module{name: name}
	for _, t := range c.targets {
		p := &part{name: name + "/" + t.String(), config: c, target: t, share: share, outlook: o, link: &link{target: t, udp: c.udp, watch: c.watch, timeout: c.timeout}}
		p.points = e.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_graphite_points_total{module=%q,target=%q}", name, t))
		p.unknown = e.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_graphite_unknown_total{module=%q,target=%q}", name, t))
		m.parts = append(m.parts, p)
	}
	if len(m.parts) == 1 {
		return m.parts[0]
	}
	return m
}

// module is several targets.
type module struct {
	name  string
	parts []modules.Exporter
}

// Name implements modules.Exporter.
func (m *module) Name() string { return m.name }

// Wants implements modules.Exporter.
func (m *module) Wants() modules.Wants { return modules.Wants{Checks: true} }

// Parts implements modules.Several.
func (m *module) Parts() []modules.Exporter { return m.parts }

// Export implements modules.Exporter for those who do not ask for the parts: all targets, or none.
func (m *module) Export(ctx context.Context, broks []monitor.Brok) error {
	var errs []error
	for _, p := range m.parts {
		errs = append(errs, p.Export(ctx, broks))
	}
	return errors.Join(errs...)
}

// part is one target.
type part struct {
	*config
	name    string
	target  target
	share   *ring // nil if the target gets everything
	outlook modules.Outlook
	link    *link
	encoder encoder
	pathBuf []byte
	well    bool // the last batch was taken

	points, unknown *metrics.Counter
}

// Name implements modules.Exporter.
func (p *part) Name() string { return p.name }

// To implements modules.Bound.
func (p *part) To() string { return p.target.String() }

// Wants implements modules.Exporter.
func (p *part) Wants() modules.Wants { return modules.Wants{Checks: true} }

// Export implements modules.Exporter. Over TCP it returns nil when the target has read everything; over UDP, when it is sent.
func (p *part) Export(ctx context.Context, broks []monitor.Brok) error {
	known, err := p.known(ctx)
	if err != nil {
		return err
	}
	p.encoder.reset(p.pickle, p.udp)
	for i := range broks {
		if c := broks[i].Check; c != nil {
			if err := p.add(known, c); err != nil {
				return err
			}
		}
	}
	n := p.encoder.points
	if n == 0 {
		return nil
	}
	err = p.link.send(ctx, p.encoder.packets())
	if err == nil {
		p.points.Add(n)
		p.well = true
		return nil
	}
	err = fmt.Errorf("graphite at %s: %w", p.target, err)
	if p.well && p.resend > 0 && ctx.Err() == nil {
		p.well = false
		return modules.Rewind{By: p.resend, Err: err}
	}
	return err
}

// known gives the configuration; a broker that has just begun reads it when it is first asked for it.
func (p *part) known(ctx context.Context) (*catalog.Catalog, error) {
	ctx, cancel := context.WithTimeout(ctx, configWait)
	defer cancel()
	look := time.NewTicker(configWait / 100)
	defer look.Stop()
	for {
		if c := p.outlook.Catalog(); len(c.Inventories) > 0 {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("the configuration is not there yet, and with it no custom variables")
		case <-look.C:
		}
	}
}

// configWait is how long a batch waits for the first configuration before that is an error.
const configWait = 10 * time.Second

// Close implements modules.Closer.
func (p *part) Close() error {
	p.link.close()
	return nil
}

// stamp is when a check was made, in seconds: Shinken's last_chk. A small latency is taken off where the definition says so.
func (p *part) stamp(c *monitor.Check) int64 {
	at := c.Started
	if at == 0 {
		at = c.Time
	}
	seconds := int64(at) / int64(time.Second)
	if c.Latency > 0 && c.Latency <= p.ignoreLatency {
		seconds -= int64(c.Latency / time.Second)
	}
	return seconds
}
