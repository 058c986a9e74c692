package objects

import "strings"

// kind is a type of object.
type kind uint8

// The kinds of objects, those of Nagios first.
const (
	noKind kind = iota
	kHost
	kService
	kHostgroup
	kServicegroup
	kContact
	kContactgroup
	kCommand
	kTimeperiod
	kHostdependency
	kServicedependency
	kHostescalation
	kServiceescalation
	kHostextinfo
	kServiceextinfo
	kRealm
	kArbiter
	kScheduler
	kPoller
	kReactionner
	kReceiver
	kBroker
	kModule
	kNotificationway
	kEscalation
	kResultmodulation
	kCheckmodulation
	kMacromodulation
	kBusinessimpactmodulation
	kDiscoveryrule
	kDiscoveryrun
	kTrigger
	kPiggybackTranslation
	kPiggybackPolicy
	kDynamicHostRule
	numKinds
)

// form is how a directive's value is written.
type form uint8

// The forms of values.
const (
	text    form = iota
	flag         // 0 or 1
	number       // an integer
	units        // time units: a number times interval_length
	seconds      // a number of seconds
	percent      // a number from 0 to 100
	options      // letters or words, parted by commas
	letter       // one letter, as in initial_state
	name         // one name
	names        // a list of names
	call         // a command with arguments, parted by "!"
	calls        // a list of those
	coords       // numbers parted by commas
	ignored      // once had a meaning; has no effect in Nagios 4 either
)

// effect is what becomes of a directive, an option or a kind.
type effect uint8

// Of what is not acted on some is moot: Nagios' own files and processes, its tuning, drawings, and what only says more
// about something else that is missed.
const (
	// acted: Onbu acts on it.
	acted effect = iota
	// missed: it is only read and checked, although it would change what is checked or who is told.
	missed
	// moot: it is only read and checked, and nobody is worse off for it.
	moot
)

// row is a directive of a kind.
type row struct {
	// names are its name and other spellings of it, parted by blanks.
	names string
	form  form
	// ref is the kind whose names the value holds.
	ref    kind
	effect effect
	// usual is the value that asks for what Onbu does in any case; empty for none.
	usual string
}

// a is a directive that is acted on, u one that is missed, m one that is moot.
func a(names string, f form) row { return row{names: names, form: f, effect: acted} }
func u(names string, f form) row { return row{names: names, form: f, effect: missed} }
func m(names string, f form) row { return row{names: names, form: f, effect: moot} }

// but says which value asks for what Onbu does in any case.
func (r row) but(usual string) row {
	r.usual = usual
	return r
}

// to says whose names the value holds.
func (r row) to(k kind) row {
	r.ref = k
	return r
}

// table describes a kind.
type table struct {
	name string
	// id is the directive that names an object of the kind; empty where there is none.
	id     string
	effect effect
	// free kinds take any directive: only a module knows what its settings mean.
	free bool
	// shinken marks kinds that Nagios does not know; vars those with custom variables.
	shinken, vars bool
	rows          []row
}

// class is a table made ready for look-ups.
type class struct {
	table
	id   key
	keys map[string]key
	row  map[key]*row
	// order lists the keys in the order of the table.
	order []key
}

// schema is everything that is known of directives. It is read-only.
type schema struct {
	kinds   map[string]kind
	classes [numKinds]class
	// names gives each key's first spelling.
	names []string
}

var known = newSchema()

func newSchema() *schema {
	s := &schema{kinds: map[string]kind{}, names: keyNames[:]}
	ids := map[string]key{}
	for k, n := range keyNames {
		ids[n] = key(k)
	}
	for k, t := range tables() {
		if t.name != "" {
			s.kinds[t.name] = kind(k)
			s.classes[k] = s.newClass(t, ids)
		}
	}
	return s
}

func (s *schema) newClass(t table, ids map[string]key) class {
	t.rows = append(commonRows(), t.rows...)
	c := class{table: t, keys: map[string]key{}, row: map[key]*row{}}
	for i := range t.rows {
		spellings := strings.Fields(t.rows[i].names)
		k, ok := ids[spellings[0]]
		if !ok {
			k = key(len(s.names))
			ids[spellings[0]] = k
			s.names = append(s.names, spellings[0])
		}
		for _, spelling := range spellings {
			c.keys[spelling] = k
		}
		c.row[k] = &t.rows[i]
		c.order = append(c.order, k)
	}
	c.id = ids[t.id]
	return c
}

// commonRows are the directives of every kind.
func commonRows() []row {
	return []row{
		a("use", names), a("name", text), a("register", flag),
		m("definition_order", number), m("imported_from", text),
	}
}

// String gives the kind as "define" has it.
func (k kind) String() string { return known.classes[k].name }
