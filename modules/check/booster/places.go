package booster

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/snmp"
)

const (
	// maxRows is how many rows of a column are looked through for names.
	maxRows = 20_000
	// maxNames is how many names of one column are remembered.
	maxNames = 20_000
	// nameEvery is how often a device is asked whether an instance still has its name, besides after each restart.
	nameEvery = time.Minute
)

// columnKey is a column of a device, as somebody with this community sees it.
type columnKey struct {
	addr      netip.AddrPort
	version   snmp.Version
	community string
	column    snmp.OID
}

// column remembers which instances of a device have which names. Names that are not known are looked for in one walk for
// all that ask at the same time.
type column struct {
	engine *snmp.Engine
	key    columnKey

	mu      sync.Mutex
	places  map[string]place
	walking bool
	until   time.Time // when the walk ends at the latest
	waiting []seeker
}

// place is where a name was found.
type place struct {
	instance string
	seen     time.Time // when the device said so last
}

// seeker waits for a name.
type seeker struct {
	name string
	then func(place, error)
}

// errNotMapped says that a name was not found in time.
var errNotMapped = errors.New("not done")

// find looks for a name; then is called once, at the latest when until is there.
func (c *column) find(to *snmp.Device, name string, until time.Time, then func(place, error)) {
	c.mu.Lock()
	at, known := c.places[name]
	switch {
	case known:
		c.mu.Unlock()
		then(at, nil)
	case c.walking && c.until.After(until):
		c.mu.Unlock()
		then(place{}, errNotMapped)
	case c.walking:
		c.waiting = append(c.waiting, seeker{name, then})
		c.mu.Unlock()
	default:
		c.waiting = append(c.waiting, seeker{name, then})
		c.walking, c.until = true, until
		c.mu.Unlock()
		c.engine.Ask(&snmp.Request{To: to, Kind: snmp.Walk, OIDs: []snmp.OID{c.key.column}, Most: maxRows, Until: until, Then: c})
	}
}

// Answered implements snmp.Receiver.
func (c *column) Answered(_ *snmp.Request, a *snmp.Answer) {
	c.mu.Lock()
	waiting := c.waiting
	c.waiting, c.walking = nil, false
	found := c.search(waiting, a.Bindings)
	if len(c.places)+len(found) > maxNames || c.places == nil {
		c.places = map[string]place{}
	}
	now := time.Now()
	for name, instance := range found {
		c.places[name] = place{instance, now}
	}
	c.mu.Unlock()
	for _, s := range waiting {
		instance, ok := found[s.name]
		switch {
		case ok:
			s.then(place{instance, now}, nil)
		case a.Err != nil && !errors.Is(a.Err, snmp.ErrMost) && !errors.Is(a.Err, snmp.ErrLoop):
			s.then(place{}, a.Err)
		default:
			s.then(place{}, fmt.Errorf("%w: the device has no such name in %v", errNotMapped, c.key.column))
		}
	}
}

// search finds the instances of those names that somebody waits for. Of two rows with one name the first counts.
func (c *column) search(waiting []seeker, rows []snmp.Binding) map[string]string {
	found := make(map[string]string, len(waiting))
	for _, s := range waiting {
		found[s.name] = ""
	}
	for i := range rows {
		if !rows[i].Name.Under(c.key.column) {
			continue
		}
		name := text(&rows[i])
		for _, one := range []string{name, plainName(name)} {
			if instance, wanted := found[one]; wanted && instance == "" {
				found[one] = rows[i].Name.Index(c.key.column)
			}
		}
	}
	for name, instance := range found {
		if instance == "" {
			delete(found, name)
		}
	}
	return found
}

// plainName is a name as configurations write it: what would be awkward there is "_".
func plainName(name string) string {
	return strings.NewReplacer(",", "_", ":", "_", "/", "_", " ", "_").Replace(name)
}

// called says whether a value is that name.
func called(b *snmp.Binding, name string) bool {
	s := text(b)
	return s == name || plainName(s) == name
}

// seen notes that an instance still has its name.
func (c *column) seen(name, instance string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, known := c.places[name]; known && at.instance == instance {
		c.places[name] = place{instance, now}
	}
}

// moved notes that an instance does not have its name any more.
func (c *column) moved(name, instance string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, known := c.places[name]; known && at.instance == instance {
		delete(c.places, name)
	}
}
