package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/onbu/onbu/deptree"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/calendar"
	"github.com/onbu/onbu/monitor/macro"
)

// compiled is an inventory and what is worked out from it once, so that nothing has to be looked up by name later. It
// does not change, except that periods remember their present stretch.
type compiled struct {
	inv       inventory
	periods   []period
	lines     []macro.Template // of each command
	users     []string         // values of $USERn$ at n
	masking   bool             // what is a secret is not to be shown
	env       []macro.Template // variables that enable_environment_macros adds, and those of arguments
	envArgs   []macro.Template
	zone      *time.Location // of times in texts
	asks      asks
	graph     *deptree.Graph // parents of hosts
	edge      monitor.ID     // the first number that is no object's: border hosts have theirs from here on
	ties      ties
	maintains bool // some object has a maintenance period
	// services of host h are the IDs first[h] to first[h+1]-1.
	first []monitor.ID
	// named holds the same IDs, those of each host sorted by description.
	named    []monitor.ID
	hosts    map[string]monitor.ID
	contacts map[string]uint32
	phase    []uint64 // hash of each host's name
	local    []bool   // hosts that are the poller's own machine
	// reading says of each object what its check has to do with agent output; nil if none has. bindReaders fills it.
	reading []reading
	// connection says with which options each of them asks its agent, as a hash; nil like reading.
	connection []uint32
	// leaning says of each host whether all that is known of it comes in payloads; nil if that goes for none.
	leaning []bool
}

// period is a timeperiod with the stretch that was asked for last: most questions are about now.
type period struct {
	*calendar.Period
	from, until monitor.Time
	holds       bool
	// never says that the answer does not change any more, as far as can be seen.
	never bool
}

// at says whether t is in the period.
func (p *period) at(t monitor.Time) bool {
	if t < p.from || t >= p.until {
		p.from, p.holds = t, p.Holds(t)
		p.until = p.Until(t)
		if p.never = p.until == 0; p.never {
			p.until = t.Add(calendar.Horizon)
		}
	}
	return p.holds
}

// opens gives the first moment from t on that is in the period; 0 if there is none.
func (p *period) opens(t monitor.Time) monitor.Time {
	switch {
	case p.at(t):
		return t
	case p.never:
		return 0
	}
	return p.until
}

func compile(inv *monitor.Inventory) (*compiled, error) {
	k := &compiled{inv: inventory{Inventory: inv}}
	err := k.check()
	if err != nil {
		return nil, err
	}
	if err := k.compilePeriods(); err != nil {
		return nil, err
	}
	if k.zone, err = k.location(); err != nil {
		return nil, err
	}
	if err := k.compileLines(); err != nil {
		return nil, err
	}
	k.index()
	k.edge = monitor.ID(inv.Objects())
	k.graph = k.network()
	k.ties = tie(inv)
	k.maintains = maintains(inv)
	return k, nil
}

func (k *compiled) compilePeriods() error {
	periods, err := calendar.Compile(k.inv.Timeperiods)
	if err != nil {
		return fmt.Errorf("compiling timeperiods: %w", err)
	}
	k.periods = make([]period, len(periods))
	for i, p := range periods {
		k.periods[i].Period = p
	}
	return nil
}

// location gives the zone of use_timezone.
func (k *compiled) location() (*time.Location, error) {
	name := k.inv.Options.Zone
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("use_timezone=%s: %w; use a name such as Europe/Berlin", name, err)
	}
	return zone, nil
}

func (k *compiled) compileLines() error {
	k.lines = make([]macro.Template, len(k.inv.Commands))
	for i, c := range k.inv.Commands {
		t, err := macro.CompileLine(c.Line)
		if err != nil {
			return fmt.Errorf("compiling command %s: %w", c.Name, err)
		}
		k.lines[i] = t
	}
	if err := k.compileEnv(); err != nil {
		return fmt.Errorf("compiling environment macros: %w", err)
	}
	k.asks = asksOf(k.inv.Inventory)
	k.users = make([]string, macro.MostUsers+1)
	for n := range k.users {
		k.users[n] = k.inv.Macros["USER"+strconv.Itoa(n)]
	}
	return nil
}

// index sorts names; services must already lie host by host.
func (k *compiled) index() {
	inv := k.inv
	n := monitor.ID(len(inv.Hosts))
	k.hosts = make(map[string]monitor.ID, n)
	k.phase = make([]uint64, n)
	k.local = make([]bool, n)
	k.first = make([]monitor.ID, n+1)
	k.named = make([]monitor.ID, len(inv.Services))
	next := monitor.ID(0)
	for h := range n {
		k.hosts[inv.Hosts[h].Name] = h
		k.phase[h] = hash(inv.Hosts[h].Name)
		k.local[h] = isLocal(inv.Hosts[h].Address)
		k.first[h] = n + next
		for int(next) < len(inv.Services) && inv.Services[next].Host == h {
			k.named[next] = n + next
			next++
		}
		slices.SortFunc(k.named[k.first[h]-n:next], func(a, b monitor.ID) int {
			return cmp.Compare(inv.Service(a).Description, inv.Service(b).Description)
		})
	}
	k.first[n] = n + next
	k.contacts = make(map[string]uint32, len(inv.Contacts))
	for i, c := range inv.Contacts {
		k.contacts[c.Name] = uint32(i)
	}
}

// find gives the ID of an object.
func (k *compiled) find(ref monitor.Ref) (monitor.ID, bool) {
	h, ok := k.hosts[ref.Host]
	if !ok || ref.IsHost() {
		return h, ok
	}
	n := monitor.ID(len(k.inv.Hosts))
	list := k.named[k.first[h]-n : k.first[h+1]-n]
	i, ok := slices.BinarySearchFunc(list, ref.Service, func(id monitor.ID, name string) int {
		return cmp.Compare(k.inv.Service(id).Description, name)
	})
	if !ok {
		return monitor.NoID, false
	}
	return list[i], true
}

// services gives the IDs of a host's services, from first to last-1.
func (k *compiled) services(host monitor.ID) (first, last monitor.ID) {
	return k.first[host], k.first[host+1]
}

// in says whether t is in a period; monitor.None is always.
func (k *compiled) in(index int32, t monitor.Time) bool {
	return index == monitor.None || k.periods[index].at(t)
}

// bytes gives roughly how much memory the indexes take that grow with the number of objects.
func (k *compiled) bytes() int {
	return 4*(len(k.first)+len(k.named)) + 9*len(k.phase) + 5*len(k.reading) + len(k.leaning) + k.graph.Bytes() + k.ties.bytes() + 40*len(k.hosts)
}

// check looks for what would make the core stumble later.
func (k *compiled) check() error {
	inv := k.inv
	var errs []error
	for i, h := range inv.Hosts {
		errs = append(errs, k.checkObject(h.Name, h.Policy, h.Check))
		for _, p := range h.Parents {
			if int(p) >= len(inv.Hosts) {
				errs = append(errs, fmt.Errorf("host %s (%d): parent %d is no host of the inventory", h.Name, i, p))
			}
		}
	}
	last := monitor.ID(0)
	for _, s := range inv.Services {
		if int(s.Host) >= len(inv.Hosts) || s.Host < last {
			return fmt.Errorf("service %s: the services are not sorted by host", s.Description)
		}
		last = s.Host
		errs = append(errs, k.checkObject(inv.Hosts[s.Host].Name+"/"+s.Description, s.Policy, s.Check))
	}
	for i := range inv.Policies {
		errs = append(errs, k.checkPolicy(i, &inv.Policies[i]))
	}
	for i := range inv.Contacts {
		errs = append(errs, k.checkContact(&inv.Contacts[i]))
	}
	return errors.Join(append(errs, k.checkTies(), k.checkBorder(), k.checkEscalations())...)
}

func (k *compiled) checkObject(name string, policy uint32, call monitor.Call) error {
	if int(policy) >= len(k.inv.Policies) || !k.knows(call) {
		return fmt.Errorf("%s: policy %d or command %d is out of bounds", name, policy, call.Command)
	}
	return nil
}

func (k *compiled) knows(c monitor.Call) bool {
	return c.Command == monitor.None ||
		c.Command >= 0 && int(c.Command) < len(k.inv.Commands) && (int(c.Args) < len(k.inv.Args) || c.Args == 0)
}

func (k *compiled) checkPolicy(i int, p *monitor.Policy) error {
	for _, call := range []monitor.Call{p.EventHandler, p.Snapshot} {
		if !k.knows(call) {
			return fmt.Errorf("policy %d: command %d is out of bounds", i, call.Command)
		}
	}
	if err := k.checkModulations(p); err != nil {
		return fmt.Errorf("policy %d: %w", i, err)
	}
	for _, period := range []int32{p.CheckPeriod, p.NotificationPeriod, p.MaintenancePeriod, p.SnapshotPeriod} {
		if !k.isPeriod(period) {
			return fmt.Errorf("policy %d: timeperiod %d is out of bounds", i, period)
		}
	}
	for _, contact := range p.Contacts {
		if int(contact) >= len(k.inv.Contacts) {
			return fmt.Errorf("policy %d: contact %d is out of bounds", i, contact)
		}
	}
	return nil
}

func (k *compiled) isPeriod(index int32) bool {
	return index == monitor.None || index >= 0 && int(index) < len(k.inv.Timeperiods)
}

func (k *compiled) checkContact(c *monitor.Contact) error {
	ways := []*monitor.Way{&c.Host, &c.Service}
	for i := range c.Ways {
		ways = append(ways, &c.Ways[i].Host, &c.Ways[i].Service)
	}
	for _, way := range ways {
		if !k.isPeriod(way.Period) {
			return fmt.Errorf("contact %s: timeperiod %d is out of bounds", c.Name, way.Period)
		}
		for _, call := range way.Commands {
			if !k.knows(call) {
				return fmt.Errorf("contact %s: command %d is out of bounds", c.Name, call.Command)
			}
		}
	}
	return nil
}
