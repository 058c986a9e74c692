package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Profile is a kind of sequence: which part of the rules it looks at.
type Profile struct {
	Name string
	// change is how probable it is that a result is another than the one before: 1 in change.
	change int
	// commands is how many events of a hundred are commands.
	commands int
	// families are the commands that may come; those that are named twice come twice as often.
	families []family
	// features of the world.
	flapping, escalations, dependencies, intervals bool
}

// family writes a command.
type family func(g *generator) string

// Profiles gives all kinds of sequences.
func Profiles() []Profile {
	return []Profile{
		{Name: "states", change: 4, commands: 4, families: []family{passiveSwitch, handlerSwitch, acknowledge}},
		{
			Name: "notifications", change: 5, commands: 20, intervals: true,
			families: []family{notifySwitch, notifySwitch, contactSwitch, delay, number, custom, custom, acknowledge, change},
		},
		{
			Name: "downtimes", change: 5, commands: 30, intervals: true,
			families: []family{downtime, downtime, downtime, downtime, endDowntime, acknowledge, acknowledge, unacknowledge, comment, custom},
		},
		{Name: "flapping", change: 2, commands: 8, flapping: true, families: []family{flapSwitch, acknowledge, downtime, custom}},
		{
			Name: "escalations", change: 9, commands: 10, escalations: true, intervals: true,
			families: []family{number, custom, acknowledge, delay, downtime},
		},
		{Name: "dependencies", change: 6, commands: 6, dependencies: true, intervals: true, families: []family{acknowledge, custom, notifySwitch}},
	}
}

// variants are the main files in use: a sequence has the one that its seed chooses.
var variants = [][]string{nil, {"passive_host_checks_are_soft", "soft_state_dependencies"}, {"passive_host_checks_are_soft", "translate_passive_host_checks"}}

// Generate makes a world and the events of n seconds; the same seed gives the same ones.
func Generate(p *Profile, seed uint64, n int) *Sequence {
	g := &generator{
		Rand: rand.New(rand.NewPCG(seed, 446)), profile: p, present: make(map[string]int),
		s: &Sequence{Seed: seed, Profile: p.Name},
	}
	g.s.Options = variants[g.IntN(len(variants))]
	g.steady = g.chance(40)
	g.world()
	for range n {
		g.s.Seconds = append(g.s.Seconds, Second{Event: g.event()})
		g.at++
	}
	return g.s
}

type trigger struct {
	key string
	at  int
}

type span struct{ from, to int }

type generator struct {
	*rand.Rand
	profile  *Profile
	s        *Sequence
	hosts    []string
	services []string
	contacts []string
	present  map[string]int // what each object last said
	at       int
	entered  []string // downtimes: object:comment
	// triggers are downtimes that others may wait for: fixed ones, and when they begin. What is triggered by a downtime
	// that has begun already Nagios begins when that ends, and ends it at once.
	triggers []trigger
	// flexible holds of each flexible downtime when it ends at the earliest and at the latest.
	flexible []span
	// steady says that no host is ever in trouble, so that services are looked at strictly.
	steady bool
}

// one gives one of the words.
func (g *generator) one(words ...string) string { return words[g.IntN(len(words))] }

// chance says yes in n of a hundred cases.
func (g *generator) chance(n int) bool { return g.IntN(100) < n }

func (g *generator) define(words ...string) { g.s.World = append(g.s.World, strings.Join(words, " ")) }

func (g *generator) world() {
	if g.profile.intervals {
		g.define("timeperiod", "p0", fmt.Sprintf("minutes=%d-%d", g.IntN(2), 2+g.IntN(3)))
	}
	for i := range 2 + g.IntN(2) {
		g.contact(fmt.Sprintf("c%d", i))
	}
	for i := range 2 + g.IntN(3) {
		g.host(i)
	}
	for i := range 3 + g.IntN(3) {
		g.service(i)
	}
	g.groups()
	if g.profile.escalations {
		g.escalations()
	}
	if g.profile.dependencies {
		g.dependencies()
	}
}

func (g *generator) contact(name string) {
	words := []string{"contact", name}
	if g.chance(30) {
		words = append(words, "host_notification_options="+g.options("d", "u", "r", "f", "s"))
	}
	if g.chance(30) {
		words = append(words, "service_notification_options="+g.options("w", "u", "c", "r", "f", "s"))
	}
	if g.profile.intervals && g.chance(15) {
		words = append(words, "service_notification_period=p0", "host_notification_period=p0")
	}
	g.contacts = append(g.contacts, name)
	g.define(words...)
}

// options gives some of the letters, at least one.
func (g *generator) options(letters ...string) string {
	var some []string
	for _, l := range letters {
		if g.chance(65) {
			some = append(some, l)
		}
	}
	if len(some) == 0 {
		some = append(some, g.one(letters...))
	}
	return strings.Join(some, ",")
}

func (g *generator) host(i int) {
	name := fmt.Sprintf("h%d", i)
	words := []string{"host", name}
	if i > 0 && g.chance(75) {
		parents := g.one(g.hosts...)
		if other := g.one(g.hosts...); other != parents && g.chance(40) {
			parents += "," + other
		}
		words = append(words, "parents="+parents)
	}
	if g.chance(25) {
		words = append(words, "notification_options="+g.options("d", "u", "r", "f", "s"))
	}
	g.hosts = append(g.hosts, name)
	g.define(append(words, g.common()...)...)
}

func (g *generator) service(i int) {
	name := fmt.Sprintf("%s/s%d", g.one(g.hosts...), i)
	words := []string{"service", name}
	if g.chance(15) {
		words = append(words, "is_volatile=1")
	}
	if g.chance(25) {
		words = append(words, "notification_options="+g.options("w", "u", "c", "r", "f", "s"))
	}
	g.services = append(g.services, name)
	g.define(append(words, g.common()...)...)
}

// common gives the directives that hosts and services have alike.
func (g *generator) common() (words []string) {
	words = append(words, fmt.Sprintf("max_check_attempts=%d", 1+g.IntN(4)))
	who := g.one(g.contacts...)
	if other := g.one(g.contacts...); other != who {
		who += "," + other
	}
	if g.chance(90) {
		words = append(words, "contacts="+who)
	}
	if g.profile.intervals {
		words = append(words, "notification_interval="+g.one("0", "3", "7", "15", "40"))
		if g.chance(25) {
			words = append(words, "first_notification_delay="+g.one("4", "12"))
		}
		if g.chance(15) {
			words = append(words, "notification_period=p0")
		}
	}
	if g.chance(30) {
		words = append(words, "event_handler=handle")
	}
	if g.profile.flapping || g.chance(10) {
		words = append(words, "flap_detection_enabled=1", "low_flap_threshold="+g.one("5", "10", "20"), "high_flap_threshold="+g.one("20", "25", "40"))
	}
	return words
}

func (g *generator) groups() {
	g.define("hostgroup", "hg", "members="+strings.Join(g.hosts[1:], ","))
	var members []string
	for _, s := range g.services[1:] {
		members = append(members, strings.ReplaceAll(s, "/", ","))
	}
	g.define("servicegroup", "sg", "members="+strings.Join(members, ","))
}

func (g *generator) escalations() {
	for range 2 + g.IntN(4) {
		kind, name, letters := "hostescalation", g.one(g.hosts...), []string{"d", "u", "r"}
		if g.chance(70) {
			kind, name, letters = "serviceescalation", g.one(g.services...), []string{"w", "u", "c", "r"}
		}
		first := 1 + g.IntN(4)
		words := []string{kind, name, "contacts=" + g.one(g.contacts...), fmt.Sprintf("first_notification=%d", first)}
		last := 0
		if g.chance(60) {
			last = first + g.IntN(4)
		}
		words = append(words, fmt.Sprintf("last_notification=%d", last), "notification_interval="+g.one("0", "2", "5", "20"))
		if g.chance(40) {
			words = append(words, "escalation_options="+g.options(letters...))
		}
		if g.chance(15) {
			words = append(words, "escalation_period=p0")
		}
		g.define(words...)
	}
}

// dependencies go from an object to one that was defined before it, so that there is no circle. Their criteria leave p out:
// Nagios 4 reads it and then never compares it with anything.
func (g *generator) dependencies() {
	for range 3 + g.IntN(4) {
		kind, all, letters := "hostdependency", g.hosts, []string{"d", "u"}
		if g.chance(65) {
			kind, all, letters = "servicedependency", g.services, []string{"w", "u", "c"}
		}
		dependent := 1 + g.IntN(len(all)-1)
		words := []string{kind, all[dependent], "on=" + all[g.IntN(dependent)], "notification_failure_criteria=" + g.options(letters...)}
		if g.chance(50) {
			words = append(words, "inherits_parent=1")
		}
		if g.chance(20) {
			words = append(words, "dependency_period=p0")
		}
		g.define(words...)
	}
}

// event gives what happens in a second.
func (g *generator) event() string {
	switch {
	case g.chance(4):
		return ""
	case g.chance(g.profile.commands):
		return g.profile.families[g.IntN(len(g.profile.families))](g)
	case g.chance(28):
		return g.result(g.one(g.hosts...), 2)
	}
	return g.result(g.one(g.services...), 4)
}

// result gives the next result of an object: mostly the one that it had.
func (g *generator) result(name string, states int) string {
	if g.steady && states == 2 {
		return "result " + name + " 0"
	}
	if g.IntN(g.profile.change) == 0 || g.present[name] == 0 && g.chance(15) {
		g.present[name] = g.IntN(2) * (1 + g.IntN(states-1))
	}
	return fmt.Sprintf("result %s %d", name, g.present[name])
}
