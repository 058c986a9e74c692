// Package core knows when each object of one shard has to be looked at, what a result means for it and for the objects
// around it, and who has to be told. It decides and never acts: no goroutine, no clock, no socket. Every call is given
// the time and fills a Decisions; the shell around it carries them out.
//
// One goroutine owns a Core. The order of calls in its life is New, Restore, Replay…, Import…, Begin, and then any of
// Tick, Observe, Submit, Obey, Arrive, Inquire, Told, InquireBorder, TellBorder, TakeTolls, Orphan, and Adopt with Imports behind it. Time never runs backwards inside: if a clock was
// set back, the core goes on from the latest time it has seen, a tenth slower until the clock has caught up.
//
// The rules are those of Nagios 4 where it and Shinken differ.
package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/timetable"
)

// Seed is what a core has to be told at its birth besides its configuration.
type Seed struct {
	// Start is when the engine started: base of freshness for what was never checked, and $PROCESSSTARTTIME$.
	Start monitor.Time
	// Triggers compiles the triggers of an inventory; nil if none are to run.
	Triggers func(*monitor.Inventory) Judge
}

// Core decides for one shard. New makes one.
type Core struct {
	*compiled
	tables
	epoch     monitor.Epoch
	start     monitor.Time
	now       monitor.Time // the latest time seen, or past it where the clock was set back
	callers   monitor.Time // what the clock showed last; before now where it was set back
	wheel     *timetable.Wheel
	due       []timetable.Due // scratch of Tick
	touched   int             // by warmDue and warmResults, which a compiler would leave out otherwise
	asked     []monitor.ID    // scratch of failing and badParent
	answering look            // scratch of answer: apply would have each result on the heap
	names     []string        // of modules and pollers; number 0 is empty

	program     monitor.Program
	muted       map[string]monitor.ContactStatus // contacts that a command changed
	downtimes   shelf[monitor.Downtime]
	comments    shelf[monitor.Comment]
	agenda      agenda
	away        map[uint64]*monitor.Downtime // of contacts, by number
	ackUntil    map[monitor.ID]monitor.Time  // acknowledgements that end by themselves
	settling    monitor.ID                   // what a result is being applied to
	suffering   suffering
	shownSince  map[monitor.ID]monitor.Time      // see noteShown
	work        worklist                         // scratch of spread
	beats       []heartbeat                      // of pollers, by their number among the names
	watch       watch                            // of pollers that may have lost their network
	waiting     waiting                          // results whose verdict waits for others
	back        map[monitor.ID]monitor.Time      // when hosts came back that were not UP, for as long as it matters
	seenThrough map[monitor.ID]monitor.Time      // since when hosts are known to be UP although their parents are not
	told        map[monitor.ID][]monitor.Telling // of problems that still are
	lastID      uint64                           // the last number given, before newID's stride
	freshness   monitor.Time                     // when to look for stale objects next
	resolver    resolver
	rules       rulebook
	post        post                        // payloads that arrived
	pulses      []pulse                     // of each host
	snapped     map[monitor.ID]monitor.Time // when the snapshot command was last run
	obsessed    bool                        // it was said that obsessing is ignored
	// lastPerfdata is what $LASTHOSTPERFDATA$ and its like say, if anything asks for them: of the results before the last,
	// since the core was made.
	lastPerfdata map[monitor.ID]string
	// maintained holds the end of the stretch of maintenance for which a downtime was entered last.
	maintained map[monitor.ID]monitor.Time
	totals     *Totals // of all shards; nil when they are not known
	// compileTriggers makes the jury; both are nil where no triggers run.
	borders         borders // hosts of other shards that hosts of this one stand behind
	compileTriggers func(*monitor.Inventory) Judge
	jury            Judge
	trials          []tried // of the objects that have triggers, in the inventory's order
}

// New makes a core for a shard that nothing is known of yet. The inventory is kept and never changed. An error names
// the part of the inventory that cannot be used: a timeperiod, a command line, an index out of bounds.
func New(inv *monitor.Inventory, epoch monitor.Epoch, seed Seed) (*Core, error) {
	k, err := compile(inv)
	if err != nil {
		return nil, fmt.Errorf("using inventory %d of shard %d: %w", inv.Generation, inv.Shard, err)
	}
	c := &Core{
		compiled:    k,
		tables:      newTables(k.rows()),
		epoch:       epoch,
		start:       seed.Start,
		now:         seed.Start,
		names:       []string{""},
		program:     inv.Options.Program,
		muted:       make(map[string]monitor.ContactStatus),
		downtimes:   newDowntimes(),
		comments:    newComments(),
		told:        make(map[monitor.ID][]monitor.Telling),
		waiting:     newWaiting(),
		suffering:   newSuffering(),
		shownSince:  make(map[monitor.ID]monitor.Time),
		back:        make(map[monitor.ID]monitor.Time),
		seenThrough: make(map[monitor.ID]monitor.Time),
		pulses:      pulses(k),
		away:        make(map[uint64]*monitor.Downtime),
		ackUntil:    make(map[monitor.ID]monitor.Time),
		settling:    monitor.NoID,
		snapped:     make(map[monitor.ID]monitor.Time),

		maintained:   make(map[monitor.ID]monitor.Time),
		lastPerfdata: make(map[monitor.ID]string),

		compileTriggers: seed.Triggers,
	}
	for id := range monitor.ID(inv.Objects()) {
		c.initial(id)
	}
	c.wheel = timetable.New(inv.Objects(), seed.Start)
	c.beginBorders()
	c.bindRules()
	c.bindReaders()
	c.seat()
	return c, nil
}

// initial gives an object the status of one that was never checked.
func (c *Core) initial(id monitor.ID) {
	p := c.inv.Policy(id)
	s := &c.standing[id]
	s.State, s.LastState, s.LastHard = p.InitialState, p.InitialState, p.InitialState
	s.Type, s.Attempt, s.Max = monitor.Hard, 1, max(p.MaxAttempts, 1)
	s.switches = p.Switches
}

// Inventory gives the configuration in use.
func (c *Core) Inventory() *monitor.Inventory { return c.inv.Inventory }

// Object gives the number of an object in the configuration in use; false if it has none of that name.
func (c *Core) Object(ref monitor.Ref) (monitor.ID, bool) { return c.find(ref) }

// Bytes gives how much memory the core takes for its objects: the first number without the texts of their last results
// and without the inventory.
func (c *Core) Bytes() (tables, indexes int) {
	return c.tables.bytes() + c.wheel.Bytes(), c.compiled.bytes() + c.post.bytes()
}

// leave says when the core wants to be called again.
func (c *Core) leave(d *Decisions) {
	if len(c.post.news) > 0 {
		c.tellNews(d)
	}
	if len(c.borders.news) > 0 {
		c.spreadNews(d)
	}
	d.Wake = c.freshness
	if next, ok := c.wheel.Next(); ok && (next < d.Wake || d.Wake == 0) {
		d.Wake = next
	}
	if next, ok := c.waiting.deadlines.next(); ok && (next < d.Wake || d.Wake == 0) {
		d.Wake = next
	}
	if next, ok := c.agenda.next(); ok && (next < d.Wake || d.Wake == 0) {
		d.Wake = next
	}
	d.Wake = c.clock(d.Wake)
}
