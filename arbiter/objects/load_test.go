package objects_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

// good is what the tests below add their objects to.
const good = `
define timeperiod {
    timeperiod_name 24x7
    alias always
    monday 00:00-24:00
}
define timeperiod {
    timeperiod_name work
    alias work
    use shift
    exclude 24x7
}
define timeperiod {
    name shift
    register 0
    tuesday 09:00-17:00
}
define command {
    command_name ping
    command_line /bin/ping $ARG1$
}
define command {
    command_name up
    command_line /bin/true
}
define contact {
    contact_name ann
    host_notification_commands ping!a,up
    service_notification_commands ping
    host_notification_period 24x7
    service_notification_period 24x7
    host_notification_options d,r
    email ann@example.org
    address2 lane 2
    _room 12
}
define contact {
    contact_name bob
    contactgroups night
    host_notification_commands ping
    service_notification_commands ping
    host_notification_period 24x7
    service_notification_period 24x7
}
define contactgroup {
    contactgroup_name night
}
define contactgroup {
    contactgroup_name all
    contactgroup_members night
    members ann
}
define host {
    name h
    register 0
    max_check_attempts 3
    check_period 24x7
    notification_period 24x7
    contact_groups night
    check_command ping!1
    _OS linux
    _RACK 7
}
define service {
    name s
    register 0
    max_check_attempts 4
    check_period 24x7
    check_command ping!10!20
}
`

// load reads a main file with extra lines and one object file.
func load(t *testing.T, options, text string) (*objects.Config, *objects.Report) {
	t.Helper()
	dir := t.TempDir()
	realpeer.File(t, dir, "objects.cfg", good+text)
	main := realpeer.File(t, dir, "nagios.cfg", "cfg_file=objects.cfg\n"+options)
	return objects.Load(main, objects.Opts{})
}

// clean reads a configuration that must be without mistakes.
func clean(t *testing.T, options, text string) *objects.Config {
	t.Helper()
	c, r := load(t, options, text)
	for _, p := range r.Problems {
		t.Error(p)
	}
	return c
}

func host(t *testing.T, c *objects.Config, name string) *objects.Host {
	t.Helper()
	i, ok := c.Host(name)
	if !ok {
		t.Fatalf("there is no host %q", name)
	}
	return &c.Hosts[i]
}

// services gives "host/description" of all services.
func services(c *objects.Config) []string {
	var list []string
	for _, s := range c.Services {
		list = append(list, c.Hosts[s.Host].Name+"/"+s.Description)
	}
	return list
}

func TestTemplatesGiveTheirDirectivesFirstOneFirst(t *testing.T) {
	c := clean(t, "", `
define host {
    name near
    register 0
    use far
    retry_interval 2
    parents +core
    notification_options d
}
define host {
    name far
    register 0
    retry_interval 9
    check_interval 8
    parents edge
    notification_options d,u
    _OS bsd
    _FAR 1
}
define host {
    name other
    register 0
    check_interval 7
    max_check_attempts 9
    first_notification_delay 1.5
    notes from other
    check_command null
}
define host {
    host_name core
    use h
}
define host {
    host_name edge
    use h
}
define host {
    host_name a
    use near,other,h
    parents +extra
    check_period null
    _os plan9
    _FAR null
}
define host {
    host_name extra
    use h
}
define service {
    use s
    host_name a
    service_description x
}
`)
	h := host(t, c, "a")
	s := c.Settings[h.Settings]
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"retry_interval of the near one", s.RetryInterval, 2 * time.Minute},
		{"check_interval of the far one, before the other's", s.CheckInterval, 8 * time.Minute},
		{"max_check_attempts of the other, before h's", s.MaxAttempts, uint16(9)},
		{"first_notification_delay", s.FirstNotificationDelay, 90 * time.Second},
		{"check_period null", s.CheckPeriod, monitor.None},
		{"notification_period", c.Timeperiods[s.NotificationPeriod].Name, "24x7"},
		{"check_command null of a template", h.Check.Command, monitor.None},
		{"notification_options", s.NotificationOptions, monitor.OnDown},
		{"notes", h.Notes, "from other"},
		{"parents, all with +", names(c, h.Parents), "core edge extra"},
	} {
		if x.got != x.want {
			t.Errorf("%s: got %v, want %v", x.what, x.got, x.want)
		}
	}
	want := []monitor.Var{{Name: "OS", Value: "plan9"}, {Name: "RACK", Value: "7"}}
	if diff := cmp.Diff(want, h.Vars); diff != "" {
		t.Errorf("custom variables: -want +got\n%s", diff)
	}
}

func names(c *objects.Config, hosts []uint32) string {
	var list []string
	for _, h := range hosts {
		list = append(list, c.Hosts[h].Name)
	}
	return strings.Join(list, " ")
}

func TestServicesTakeFromTheirHostWhatTheyDoNotSay(t *testing.T) {
	c := clean(t, "interval_length=10\n", `
define host {
    host_name a
    use h
    notification_interval 44
    contacts ann
}
define service {
    host_name a
    use s
    service_description takes
}
define service {
    host_name a
    use s
    service_description has
    contacts bob
    notification_interval 55
    notification_period work
}
`)
	takes, has := c.Settings[c.Services[0].Settings], c.Settings[c.Services[1].Settings]
	if got, want := takes.NotificationInterval, 440*time.Second; got != want {
		t.Errorf("notification_interval: got %v, want %v", got, want)
	}
	if got := len(takes.Contacts); got != 2 {
		t.Errorf("contacts: got %d, want ann and, by the group, bob", got)
	}
	if got := c.Timeperiods[takes.NotificationPeriod].Name; got != "24x7" {
		t.Errorf("notification_period: got %s", got)
	}
	if has.NotificationInterval != 550*time.Second || len(has.Contacts) != 1 || c.Contacts[has.Contacts[0]].Name != "bob" ||
		c.Timeperiods[has.NotificationPeriod].Name != "work" {
		t.Errorf("a service's own directives must win: %+v", has)
	}
}

func TestServicesGoWhereHostsGroupsAndExclusionsSay(t *testing.T) {
	const hosts = `
define host {
    host_name a
    use h
    hostgroups web
}
define host {
    host_name b
    use h
    hostgroups web,db
}
define host {
    host_name c
    use h
}
define hostgroup {
    hostgroup_name web
}
define hostgroup {
    hostgroup_name db
}
define hostgroup {
    hostgroup_name all
    hostgroup_members web
    members c
}
`
	for _, x := range []struct {
		name, options, where string
		want                 []string
	}{
		{"one host", "", "host_name b", []string{"b/x"}},
		{"several hosts, blanks", "", "host_name c , a", []string{"a/x", "c/x"}},
		{"all hosts", "", "host_name *", []string{"a/x", "b/x", "c/x"}},
		{"all but one", "", "host_name *,!b", []string{"a/x", "c/x"}},
		{"a group", "", "hostgroup_name web", []string{"a/x", "b/x"}},
		{"a group of groups", "", "hostgroup_name all", []string{"a/x", "b/x", "c/x"}},
		{"a group less a group", "", "hostgroup_name all,!db", []string{"a/x", "c/x"}},
		{"a group less a host", "", "hostgroup_name all\n host_name !c", []string{"a/x", "b/x"}},
		{"a host and a group that it is in", "", "hostgroup_name web\n host_name a,c", []string{"a/x", "b/x", "c/x"}},
		{"all groups", "", "hostgroup_name *", []string{"a/x", "b/x", "c/x"}},
		{"a regular expression", "use_regexp_matching=1\n", "host_name ^[ab]+$", []string{"a/x", "b/x"}},
		{"only names with signs are expressions", "use_regexp_matching=1\n", "host_name a", []string{"a/x"}},
		{"true expressions", "use_regexp_matching=1\nuse_true_regexp_matching=1\n", "host_name [^c]", []string{"a/x", "b/x"}},
		{"other spellings", "", "hostgroups db\n hosts a", []string{"a/x", "b/x"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := clean(t, x.options, hosts+"define service {\n use s\n service_description x\n "+x.where+"\n}\n")
			if diff := cmp.Diff(x.want, services(c)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestAServiceThatNamesItsHostBeatsOneThroughAGroup(t *testing.T) {
	c, r := load(t, "", `
define host {
    host_name a
    use h
}
define hostgroup {
    hostgroup_name g
    members a
}
define service {
    use s
    host_name a
    service_description x
    notes named
}
define service {
    use s
    hostgroup_name g
    service_description x
    notes grouped
}
`)
	if !r.OK() || r.Warnings != 1 || len(c.Services) != 1 || c.Services[0].Notes != "named" {
		t.Errorf("services: %+v, problems: %v", c.Services, r.Problems)
	}
}

func TestEqualSettingsAreShared(t *testing.T) {
	c := clean(t, "", `
define host {
    host_name a
    use h
}
define host {
    host_name b
    use h
    check_interval 5
    _X 1
}
define service {
    use s
    host_name a,b
    service_description x
}
define service {
    use s
    host_name *
    service_description y
    max_check_attempts 4
    check_command ping!1
}
`)
	if got := len(c.Settings); got != 2 {
		t.Errorf("got %d Settings, want one for the hosts and one for the services", got)
	}
}

func TestLinesMayBeWrittenInManyWays(t *testing.T) {
	c := clean(t, "", strings.ReplaceAll(`
define   host{
  use	h
	host_name   a   ; the comment ends it
  # a comment of its own
  notes one \; two \; three ; not this
  alias joined \
        from \
        three
  address \\
}
define host { # remark
  use h
  host_name b
}
define service {
  use s
  host_name a
  service_description x
  check_command ping!a\!b!!c d! 
}
`, "\n", "\r\n"))
	h := host(t, c, "a")
	if got, want := h.Notes, "one ; two ; three"; got != want {
		t.Errorf("notes: got %q, want %q", got, want)
	}
	if got, want := h.Alias, "joined from three"; got != want {
		t.Errorf("alias: got %q, want %q", got, want)
	}
	if got, want := h.Address, `\`; got != want {
		t.Errorf("address: got %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"a!b", "", "c d", ""}, c.Args[c.Services[0].Check.Args]); diff != "" {
		t.Errorf("arguments: -want +got\n%s", diff)
	}
}

func TestContactsAndTimeperiodsKeepWhatTheySay(t *testing.T) {
	c := clean(t, "", "define host {\n use h\n host_name a\n}\ndefine service {\n use s\n host_name a\n service_description x\n}\n")
	ann := c.Contacts[0]
	if ann.Email != "ann@example.org" || !slices.Equal(ann.Addresses, []string{"", "lane 2"}) ||
		ann.Host.Options != monitor.OnDown|monitor.OnRecovery || len(ann.Host.Commands) != 2 || !ann.CanSubmit ||
		!slices.Equal(ann.Vars, []monitor.Var{{Name: "ROOM", Value: "12"}}) {
		t.Errorf("ann: %+v", ann)
	}
	if got := c.Args[ann.Host.Commands[0].Args]; !slices.Equal(got, []string{"a"}) {
		t.Errorf("arguments of a notification command: %q", got)
	}
	work := c.Timeperiods[1]
	if !slices.Equal(work.Ranges, []string{"tuesday 09:00-17:00"}) || !slices.Equal(work.Exclude, []string{"24x7"}) {
		t.Errorf("work: %+v", work)
	}
	if got := len(c.ContactGroups[1].Members); got != 2 {
		t.Errorf("group all has %d members, want 2", got)
	}
}

func TestFoldersAreReadWholeAndLinksLeadNowhereTwice(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "conf.d", "sub")
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(sub, "loop")); err != nil {
		t.Fatal(err)
	}
	realpeer.File(t, sub, "objects.cfg", good+"define host {\n use h\n host_name a\n}\n")
	realpeer.File(t, sub, ".hidden.cfg", "nonsense\n")
	realpeer.File(t, sub, "notes.txt", "nonsense\n")
	realpeer.File(t, dir, "more.cfg", "define service {\n use s\n host_name a\n service_description x\n}\n")
	realpeer.File(t, filepath.Join(dir, "conf.d"), "z.cfg", "include_file="+dir+"/more.cfg\ninclude_dir="+sub+"\n")
	realpeer.File(t, dir, "resource.cfg", "$USER1$=/plugins;x\n$PATH$=a=b\n")
	main := realpeer.File(t, dir, "nagios.cfg", "cfg_dir=conf.d/\nresource_file=resource.cfg\n")
	c, r := objects.Load(main, objects.Opts{})
	for _, p := range r.Problems {
		t.Error(p)
	}
	if diff := cmp.Diff([]string{"a/x"}, services(c)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"USER1": "/plugins;x", "PATH": "a=b"}, c.Macros); diff != "" {
		t.Errorf("macros: -want +got\n%s", diff)
	}
}

func TestAGiganticFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	big := realpeer.File(t, dir, "big.cfg", "")
	if err := os.Truncate(big, 1<<30); err != nil {
		t.Fatal(err)
	}
	main := realpeer.File(t, dir, "nagios.cfg", "cfg_file=big.cfg\n")
	_, r := objects.Load(main, objects.Opts{})
	if len(r.Problems) == 0 || !strings.Contains(r.Problems[len(r.Problems)-1].Text, "has 1024 MB") {
		t.Errorf("problems: %v", r.Problems)
	}
}

func TestAFolderIsNotAMainFile(t *testing.T) {
	_, r := objects.Load(t.TempDir(), objects.Opts{})
	if r.OK() || !strings.Contains(r.Problems[0].Text, "pass the main file") {
		t.Errorf("problems: %v", r.Problems)
	}
}

func TestCommandLinesAreJudgedByTheHook(t *testing.T) {
	dir := t.TempDir()
	realpeer.File(t, dir, "objects.cfg", good)
	main := realpeer.File(t, dir, "nagios.cfg", "cfg_file=objects.cfg\n")
	var seen []string
	_, r := objects.Load(main, objects.Opts{CheckLine: func(line string) error {
		seen = append(seen, line)
		return errors.New("a macro that is none")
	}})
	if diff := cmp.Diff([]string{"/bin/ping $ARG1$", "/bin/true"}, seen); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if r.OK() || !strings.HasSuffix(r.Problems[len(r.Problems)-2].String(), `objects.cfg:20: command_line of "ping": a macro that is none`) {
		t.Errorf("problems: %v", r.Problems)
	}
}

// A service that nobody is told of is looked at together with its host, and must stay in its group all the same.
func TestAServiceWithoutContactsStaysInItsGroup(t *testing.T) {
	c, r := load(t, "", `
define host {
    host_name a
    max_check_attempts 1
}
define servicegroup {
    servicegroup_name g
}
define service {
    use s
    host_name a
    service_description x
    notification_period 24x7
    servicegroups g
}
`)
	if got := c.ServiceGroups[0].Members; !slices.Equal(got, []uint32{0}) {
		t.Errorf("members: got %v, want the service", got)
	}
	if !r.OK() || r.Warnings != 2 {
		t.Errorf("problems: %v, want two warnings of missing contacts", r.Problems)
	}
}
