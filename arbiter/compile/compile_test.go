package compile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const shards = 4

// common is what the hosts refer to.
const common = `
define timeperiod {
  timeperiod_name always
  alias Always
  monday 00:00-24:00
}
define timeperiod {
  timeperiod_name work
  alias Work
  monday 09:00-17:00
}
define command {
  command_name check
  command_line /bin/check $ARG1$ $ARG2$
}
define command {
  command_name mend
  command_line /bin/mend $ARG1$
}
define command {
  command_name tell
  command_line /bin/tell $ARG1$
}
define contact {
  contact_name ann
  host_notification_commands tell!ann!host
  service_notification_commands tell!ann!service,mend!9
  host_notification_period always
  service_notification_period work
}
define contact {
  contact_name bob
  host_notification_commands tell!bob
  service_notification_commands tell!bob
  host_notification_period always
  service_notification_period always
}
define contactgroup {
  contactgroup_name all
  members ann,bob
}
define host {
  name generic
  register 0
  max_check_attempts 3
  check_period always
  notification_period always
  contacts ann
}
define service {
  name generic
  register 0
  max_check_attempts 3
  check_period always
  notification_period always
  contacts ann
}
define hostgroup {
  hostgroup_name odd
  alias Odd ones
  members h1,h3,h5,h7,h9,h11,h13,h15
}
define hostgroup {
  hostgroup_name one
  members h6
}
define servicegroup {
  servicegroup_name mixed
  members h2,s1,h3,s0,h14,s2
}
`

// objectsOf gives sixteen hosts, of which 4n+1…4n+3 lie behind 4n, so that there are four packs, each with settings,
// arguments and variables of its own.
func objectsOf() string {
	var b strings.Builder
	b.WriteString(common)
	for h := range 16 {
		template := "generic"
		if h/4 == 1 {
			template = "leaf\n labels shown"
		}
		fmt.Fprintf(&b, "define host {\n use %s\n host_name h%d\n alias Host %d\n address 10.0.0.%d\n check_command check!host!%d\n", template, h, h, h, h%3)
		fmt.Fprintf(&b, " check_interval %d\n _RACK r%d\n notes n%d\n", 1+h%5, h, h)
		if h%4 > 0 {
			fmt.Fprintf(&b, " parents h%d\n", h-h%4+(h%4)/2)
		}
		if h%6 == 0 {
			fmt.Fprintf(&b, " event_handler mend!%d\n", h)
		}
		b.WriteString("}\n")
		for s := range 1 + h%3 + h/8 {
			fmt.Fprintf(&b, "define service {\n use generic\n host_name h%d\n service_description s%d\n check_command check!%d!%d\n", h, s, s, h)
			fmt.Fprintf(&b, " retry_interval %d\n _N %d\n", 1+(h+s)%4, h*10+s)
			if s == 1 {
				b.WriteString(" check_period work\n contacts bob\n event_handler mend!7\n")
			}
			b.WriteString(modulated(h, s))
			b.WriteString("}\n")
		}
	}
	b.WriteString(ties)
	return b.String()
}

// load reads a configuration out of a folder of its own.
func load(t *testing.T, mainFile, text string) *objects.Config {
	t.Helper()
	dir := t.TempDir()
	main := filepath.Join(dir, "main.cfg")
	for path, text := range map[string]string{
		main: "cfg_file=objects.cfg\nresource_file=resource.cfg\n" + mainFile, filepath.Join(dir, "objects.cfg"): text,
		filepath.Join(dir, "resource.cfg"): "$USER1$=/plugins\n$USER32$=x=y\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return read(t, main)
}

func read(t *testing.T, main string) *objects.Config {
	t.Helper()
	c, report := arbiter.Load(main)
	if !report.OK() {
		for _, p := range report.Problems {
			t.Error(arbiter.Line(p))
		}
		t.FailNow()
	}
	return c
}

// object is a host or service with every index replaced by what it points to, so that it means the same everywhere.
type object struct {
	Name, DisplayName, Alias, Address, Notes string
	Parents                                  []string
	Check, EventHandler, Snapshot            string
	Period, NotificationPeriod               string
	Maintenance, SnapshotPeriod              string
	Contacts, Modulations                    []string
	Vars                                     []monitor.Var
	Policy                                   monitor.Policy // without what stands above
}

// tables are what the indexes of a policy point into.
type tables struct {
	periods  []string
	commands []string
	contacts []string
	args     [][]string
	results  []monitor.ResultModulation
	checks   []monitor.CheckModulation
	macros   []monitor.MacroModulation
	impacts  []monitor.ImpactModulation
}

func (x tables) call(c monitor.Call) string {
	if c.Command == monitor.None {
		return ""
	}
	return strings.Join(append([]string{x.commands[c.Command]}, x.args[c.Args]...), "!")
}

func (x tables) calls(all []monitor.Call) []string {
	var out []string
	for _, c := range all {
		out = append(out, x.call(c))
	}
	return out
}

func (x tables) period(i int32) string {
	if i == monitor.None {
		return ""
	}
	return x.periods[i]
}

// settle fills in what a policy says.
func (x tables) settle(o object, p monitor.Policy, check monitor.Call) object {
	o.Check, o.EventHandler = x.call(check), x.call(p.EventHandler)
	o.Period, o.NotificationPeriod = x.period(p.CheckPeriod), x.period(p.NotificationPeriod)
	for _, i := range p.Contacts {
		o.Contacts = append(o.Contacts, x.contacts[i])
	}
	p.EventHandler, p.CheckPeriod, p.NotificationPeriod, p.Contacts = monitor.Call{}, 0, 0, nil
	o.Snapshot, o.SnapshotPeriod, o.Maintenance = x.call(p.Snapshot), x.period(p.SnapshotPeriod), x.period(p.MaintenancePeriod)
	p.Snapshot, p.SnapshotPeriod, p.MaintenancePeriod = monitor.Call{}, 0, 0
	o.Modulations = x.modulations(&p)
	p.ResultModulations, p.CheckModulations, p.MacroModulations, p.ImpactModulations = nil, nil, nil, nil
	o.Policy = p
	return o
}

// wanted gives all objects as the configuration has them, by name.
func wanted(c *objects.Config) map[string]object {
	x := tablesIn(c)
	out := map[string]object{}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		o := object{Name: h.Name, DisplayName: h.DisplayName, Alias: h.Alias, Address: h.Address, Notes: h.Notes, Vars: h.Vars}
		for _, parent := range h.Parents {
			o.Parents = append(o.Parents, c.Hosts[parent].Name)
		}
		out[h.Name] = x.settle(o, c.Settings[h.Settings].Policy, h.Check)
	}
	for i := range c.Services {
		s := &c.Services[i]
		name := c.Hosts[s.Host].Name + "/" + s.Description
		o := object{Name: name, DisplayName: s.DisplayName, Notes: s.Notes, Vars: s.Vars}
		out[name] = x.settle(o, c.Settings[s.Settings].Policy, s.Check)
	}
	return out
}

func tablesOf(inv *monitor.Inventory) tables {
	x := tables{args: inv.Args, results: inv.ResultModulations, checks: inv.CheckModulations, macros: inv.MacroModulations, impacts: inv.ImpactModulations}
	for _, p := range inv.Timeperiods {
		x.periods = append(x.periods, p.Name)
	}
	for _, c := range inv.Commands {
		x.commands = append(x.commands, c.Name)
	}
	for _, c := range inv.Contacts {
		x.contacts = append(x.contacts, c.Name)
	}
	return x
}

// got gives all objects as the inventories have them.
func got(t *testing.T, r *compile.Result) map[string]object {
	t.Helper()
	out := map[string]object{}
	for _, inv := range r.Inventories {
		x := tablesOf(inv)
		for i := range inv.Objects() {
			id := monitor.ID(i)
			o := object{Name: inv.Ref(id).String()}
			if inv.IsHost(id) {
				h := &inv.Hosts[id]
				o.DisplayName, o.Alias, o.Address, o.Notes, o.Vars = h.DisplayName, h.Alias, h.Address, h.Notes, h.Vars
				for _, parent := range h.Parents {
					o.Parents = append(o.Parents, inv.Hosts[parent].Name)
				}
			} else {
				s := inv.Service(id)
				more := s.More()
				o.DisplayName, o.Notes, o.Vars = orElse(more.DisplayName, s.Description), more.Notes, more.Vars
			}
			if _, twice := out[o.Name]; twice {
				t.Errorf("%s is in two shards", o.Name)
			}
			out[o.Name] = x.settle(o, *inv.Policy(id), inv.Check(id))
		}
	}
	return out
}

func TestEveryObjectMeansInItsShardWhatItMeansInTheFiles(t *testing.T) {
	c := load(t, "", objectsOf())
	r := compile.Compile(c, shards, 7, nil)
	if diff := cmp.Diff(wanted(c), got(t, r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantedTies(c), gotTies(r)); diff != "" {
		t.Error(diff)
	}
	for shard, inv := range r.Inventories {
		if inv.Generation != 7 || int(inv.Shard) != shard || inv.Shards != shards {
			t.Errorf("shard %d says that it is generation %d, shard %d of %d", shard, inv.Generation, inv.Shard, inv.Shards)
		}
		if len(inv.Hosts) != 4 {
			t.Errorf("shard %d has %d hosts, want the 4 of one pack", shard, len(inv.Hosts))
		}
		for _, h := range inv.Hosts {
			if r.Directory.Hosts[h.Name] != monitor.Shard(shard) {
				t.Errorf("%s lies in shard %d, the directory says %d", h.Name, shard, r.Directory.Hosts[h.Name])
			}
		}
		if !slices.IsSortedFunc(inv.Services, func(a, b monitor.Service) int { return int(a.Host) - int(b.Host) }) {
			t.Errorf("shard %d: services are not sorted by host", shard)
		}
	}
	if len(r.Directory.Hosts) != 16 || r.Directory.Generation != 7 || r.Directory.Shards != shards {
		t.Errorf("directory: %+v", r.Directory)
	}
}

func TestAShardCarriesOnlyWhatItUses(t *testing.T) {
	for shard, inv := range compile.Compile(load(t, "", objectsOf()), shards, 1, nil).Inventories {
		policies, args := make([]bool, len(inv.Policies)), make([]bool, len(inv.Args))
		args[0] = true // the empty list is number 0 always
		use := func(calls ...monitor.Call) {
			for _, c := range calls {
				args[c.Args] = true
			}
		}
		for i := range inv.Objects() {
			use(inv.Check(monitor.ID(i)), inv.Policy(monitor.ID(i)).EventHandler, inv.Policy(monitor.ID(i)).Snapshot)
		}
		for _, m := range inv.CheckModulations {
			use(m.Check)
		}
		for _, c := range inv.Contacts {
			use(c.Host.Commands...)
			use(c.Service.Commands...)
			for _, w := range c.Ways {
				use(w.Host.Commands...)
				use(w.Service.Commands...)
			}
		}
		for _, h := range inv.Hosts {
			policies[h.Policy] = true
		}
		for _, s := range inv.Services {
			policies[s.Policy] = true
		}
		if slices.Contains(policies, false) || slices.Contains(args, false) || len(inv.Args[0]) != 0 {
			t.Errorf("shard %d: policies used %v, argument lists used %v, the first is %q", shard, policies, args, inv.Args[0])
		}
		for i, list := range inv.Args {
			if j := slices.IndexFunc(inv.Args, func(other []string) bool { return slices.Equal(list, other) }); j != i {
				t.Errorf("shard %d: %q is kept twice", shard, list)
			}
		}
	}
}

func TestContactsCallTheirCommandsInEveryShard(t *testing.T) {
	c := load(t, "", objectsOf())
	for shard, inv := range compile.Compile(c, shards, 1, nil).Inventories {
		x := tablesOf(inv)
		ann := inv.Contacts[slices.Index(x.contacts, "ann")]
		if diff := cmp.Diff([]string{"tell!ann!host"}, x.calls(ann.Host.Commands)); diff != "" {
			t.Errorf("shard %d: %s", shard, diff)
		}
		if diff := cmp.Diff([]string{"tell!ann!service", "mend!9"}, x.calls(ann.Service.Commands)); diff != "" {
			t.Errorf("shard %d: %s", shard, diff)
		}
		if x.period(ann.Service.Period) != "work" {
			t.Errorf("shard %d: ann is told in %q", shard, x.period(ann.Service.Period))
		}
		var members []string
		for _, m := range inv.ContactGroups[0].Members {
			members = append(members, inv.Contacts[m].Name)
		}
		slices.Sort(members)
		if diff := cmp.Diff([]string{"ann", "bob"}, members); diff != "" || inv.ContactGroups[0].Name != "all" {
			t.Errorf("shard %d: group %s: %s", shard, inv.ContactGroups[0].Name, diff)
		}
	}
}

func TestGroupsAreCutDownToTheShard(t *testing.T) {
	groups := map[string][]string{}
	for shard, inv := range compile.Compile(load(t, "", objectsOf()), shards, 1, nil).Inventories {
		for _, g := range slices.Concat(inv.HostGroups, inv.ServiceGroups) {
			for _, id := range g.Members {
				groups[g.Name] = append(groups[g.Name], inv.Ref(id).String())
			}
			if g.Name == "odd" && (len(g.Members) != 2 || g.Alias != "Odd ones") {
				t.Errorf("shard %d has %d members of group odd (%s), want its 2", shard, len(g.Members), g.Alias)
			}
		}
		if len(inv.HostGroups) != 2 || len(inv.ServiceGroups) != 1 {
			t.Errorf("shard %d has %d host groups and %d service groups: one without members here counts too", shard, len(inv.HostGroups), len(inv.ServiceGroups))
		}
	}
	for _, members := range groups {
		slices.Sort(members)
	}
	want := map[string][]string{
		"odd":   {"h1", "h11", "h13", "h15", "h3", "h5", "h7", "h9"},
		"one":   {"h6"},
		"mixed": {"h14/s2", "h2/s1", "h3/s0"},
	}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameFilesGiveTheSameBytes(t *testing.T) {
	c := load(t, "", objectsOf())
	first := compile.Compile(c, shards, 1, nil)
	for range 5 {
		again := compile.Compile(read(t, c.Main), shards, 1, nil)
		for shard := range first.Inventories {
			if !bytes.Equal(wire.Marshal(first.Inventories[shard]), wire.Marshal(again.Inventories[shard])) {
				t.Fatalf("shard %d differs: %s", shard, cmp.Diff(first.Inventories[shard], again.Inventories[shard]))
			}
		}
		if !bytes.Equal(wire.Marshal(first.Directory), wire.Marshal(again.Directory)) {
			t.Fatal("the directories differ")
		}
	}
}

func TestInventoriesTravelUnharmed(t *testing.T) {
	c := load(t, "", objectsOf())
	r := compile.Compile(c, shards, 1, nil)
	for i, inv := range r.Inventories {
		var back monitor.Inventory
		if err := wire.Unmarshal(wire.Marshal(inv), &back); err != nil {
			t.Fatal(err)
		}
		r.Inventories[i] = &back
	}
	if diff := cmp.Diff(wanted(c), got(t, r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantedTies(c), gotTies(r)); diff != "" {
		t.Error(diff)
	}
}

func TestHostsStayInTheShardWhereTheyWere(t *testing.T) {
	c := load(t, "", objectsOf())
	before := func(name string) (monitor.Shard, bool) {
		shard, ok := map[string]monitor.Shard{"h0": 3, "h1": 3, "h2": 3, "h3": 3, "h4": 3}[name]
		return shard, ok
	}
	d := compile.Compile(c, shards, 1, before).Directory
	for _, name := range []string{"h0", "h1", "h2", "h3", "h4", "h5"} { // h5 is new, but of h4's pack
		if d.Hosts[name] != 3 {
			t.Errorf("%s lies in shard %d", name, d.Hosts[name])
		}
	}
}

func TestMoreShardsThanPacksLeaveSomeEmpty(t *testing.T) {
	c := load(t, "", objectsOf())
	r := compile.Compile(c, 16, 1, nil)
	if diff := cmp.Diff(wanted(c), got(t, r)); diff != "" {
		t.Error(diff)
	}
	empty := 0
	for _, inv := range r.Inventories {
		if inv.Objects() == 0 {
			empty++
		}
	}
	if empty != 12 {
		t.Errorf("%d shards of 16 are empty, want 12", empty)
	}
}

func TestGlobalMacros(t *testing.T) {
	c := load(t, "command_file=run/commands\nadmin_email=ann@example.org\n", objectsOf())
	dir := filepath.Dir(c.Main)
	t.Chdir(filepath.Dir(dir))
	// As `onbu run conf/main.cfg` gives it.
	c = read(t, filepath.Join(filepath.Base(dir), "main.cfg"))
	for _, inv := range compile.Compile(c, shards, 1, nil).Inventories {
		for name, want := range map[string]string{
			"USER1": "/plugins", "USER32": "x=y", "ADMINEMAIL": "ann@example.org",
			"MAINCONFIGFILE": filepath.Join(dir, "main.cfg"), "COMMANDFILE": filepath.Join(dir, "run/commands"),
		} {
			if got := inv.Macros[name]; got != want {
				t.Errorf("$%s$ is %q, want %q", name, got, want)
			}
		}
	}
	if _, leaked := c.Macros["MAINCONFIGFILE"]; leaked {
		t.Error("compiling changed the configuration")
	}
}

func TestCommandFile(t *testing.T) {
	c := load(t, "command_file=/run/onbu/commands\n", objectsOf())
	if got := compile.CommandFile(c); got != "/run/onbu/commands" {
		t.Errorf("an absolute command file became %q", got)
	}
	c.Options.CommandFile = ""
	if got := compile.CommandFile(c); got != "" {
		t.Errorf("no command file became %q", got)
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
