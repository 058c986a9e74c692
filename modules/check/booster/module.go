// Package booster knows the command lines of snmp_booster, Shinken's module for polling devices as a whole, in both of its
// generations: what a service shows of a device stands in datasource files, and all services of a device that are due
// together are one conversation with it. It needs no cache server: every check asks, and the engine merges what is asked
// at the same time.
package booster

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strings"

	"github.com/onbu/onbu/internal/recent"
	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/booster/datasource"
)

// Options are a module's settings; Engine is required, the others may be left zero.
type Options struct {
	// Engine asks the devices. The module does not close it.
	Engine *snmp.Engine
	// Resolver looks up devices given by name; nil is the system's.
	Resolver *net.Resolver
	// Samples is how many checks are remembered until their next one; 0 means 1,000,000. One that is forgotten has no
	// rates the next time.
	Samples int
}

// Module runs check_snmp_booster.
type Module struct {
	engine  *snmp.Engine
	names   *net.Resolver
	samples *recent.Map[lineKey, *sample]
	plans   *recent.Map[planKey, *plan]
	columns *recent.Map[columnKey, *column]
	devices *recent.Map[snmp.Device, *snmp.Device]
	files   *recent.Map[string, *file]
}

var (
	_ modules.Owner    = (*Module)(nil)
	_ modules.Starter  = (*check)(nil)
	_ modules.Verifier = (*check)(nil)
	_ modules.Verifier = mistaken{}
)

// New makes a module. It opens nothing.
func New(o Options) *Module {
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Samples <= 0 {
		o.Samples = 1_000_000
	}
	return &Module{
		engine: o.Engine, names: o.Resolver,
		samples: recent.New[lineKey, *sample](o.Samples),
		plans:   recent.New[planKey, *plan](100_000),
		columns: recent.New[columnKey, *column](200_000),
		devices: recent.New[snmp.Device, *snmp.Device](200_000),
		files:   recent.New[string, *file](1_000),
	}
}

// Name gives "booster".
func (m *Module) Name() string { return "booster" }

// Programs gives check_snmp_booster, which is no file.
func (m *Module) Programs() []string { return []string{program} }

const program = "check_snmp_booster"

// Parse reads a command line.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 || path.Base(argv[0]) != program {
		return nil, modules.ErrNotMine
	}
	return m.parse(argv[1:])
}

func (m *Module) parse(args []string) (*check, error) {
	c, err := parse(args)
	if err != nil {
		return nil, err
	}
	return &check{
		command: c, module: m, key: sha256.Sum256([]byte(strings.Join(args, "\x00"))),
		file: m.files.Or(c.datasource, func() *file { return &file{path: c.datasource} }),
	}, nil
}

// Own implements modules.Owner.
func (m *Module) Own(line string) modules.Probe {
	argv, err := words(line)
	if err == nil && len(argv) == 0 {
		err = errors.New("the line is empty")
	}
	if err != nil {
		return mistaken{err}
	}
	c, err := m.parse(argv[1:])
	if err != nil {
		return mistaken{err}
	}
	return c
}

// device gives the device that a command asks.
func (m *Module) device(c *command, addr netip.Addr) *snmp.Device {
	d := snmp.Device{
		Addr: netip.AddrPortFrom(addr.Unmap().WithZone(""), c.port), Version: snmp.Version(c.version), Community: c.community,
		Timeout: c.timeout, Retries: c.retries,
	}
	return m.devices.Or(d, func() *snmp.Device { return &d })
}

func (m *Module) column(d *snmp.Device, oid snmp.OID) *column {
	key := columnKey{d.Addr, d.Version, d.Community, oid}
	return m.columns.Or(key, func() *column { return &column{engine: m.engine, key: key} })
}

func (m *Module) plan(key planKey) *plan {
	p, ok := m.plans.Get(key)
	if !ok {
		p = newPlan(key)
		m.plans.Put(key, p)
	}
	return p
}

// lineKey stands for a command line.
type lineKey [sha256.Size]byte

// check is one command line, ready to run.
type check struct {
	*command
	module *Module
	key    lineKey
	file   *file
}

func (c *check) String() string { return "booster " + c.host } // never the community

// needs is what a check takes from the files.
type needs struct {
	template *datasource.Template
	group    *datasource.Group
	column   snmp.OID
}

// needs finds what the command line names in the files.
func (c *check) needs(set *datasource.Set) (n needs, err error) {
	if n.template, err = set.Template(c.template); err != nil {
		return n, err
	}
	if c.triggers != "" {
		if n.group, err = set.Group(c.triggers); err != nil {
			return n, err
		}
	}
	if c.name == "" {
		return n, c.fixed(n.template)
	}
	column := c.columnOID
	if c.mapName != "" {
		m, err := set.Map(c.mapName)
		if err != nil {
			return n, err
		}
		column = m.Column.With("")
	}
	n.column, err = snmp.ParseOID(column)
	return n, err
}

// fixed says what lacks an instance.
func (c *check) fixed(t *datasource.Template) error {
	for _, src := range t.Sources {
		if c.instance == "" && (src.OID.Open() || src.Max.OID.Open() || src.Min.OID.Open()) {
			return fmt.Errorf("datasource %s needs an instance: give one with -i, or its name with -n and the map with -N", src.Name)
		}
	}
	return nil
}
