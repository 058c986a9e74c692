package objects_test

import (
	"fmt"
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

// readMore reads objects that stand behind those of testdata/base.cfg.
func readMore(t *testing.T, text string) (*objects.Config, *objects.Report) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	realpeer.File(t, dir, "more.cfg", text)
	main := realpeer.File(t, dir, "nagios.cfg", fmt.Sprintf("cfg_file=%s/testdata/base.cfg\ncfg_file=more.cfg\n", here))
	return objects.Load(main, objects.Opts{})
}

func TestPiggybackIsRead(t *testing.T) {
	c, r := readMore(t, `
define piggyback_translation {
    name           base
    case           lower
    register       0
}
define piggyback_translation {
    use                    base
    translation_name       esx
    source_hostgroup_name  web
    source_name            !web1,web2
    source_regex           esx[0-9]{1,3},vc(a,b)\,?
    drop_domain            1
    regex_10               c => d
    regex_1                vm-(.*)=>\1.\1
    map                    mv0815=web1+web2, a = b
    allow                  vm1,vm2
    allow_regex            web
    refuse_regex           .*-prod$
    most                   500
}
define piggyback_policy {
    hostgroup_name   web
    host_regex       vm
    source_name      *
    piggyback        expect
    max_age          2h30m
    validity_period  90
    validity_state   crit
}
define piggyback_policy {
    host_name  *
    piggyback  if_present
}
`)
	if !r.OK() || r.Warnings > 0 {
		t.Fatal(say(r))
	}
	age, validity, critical := 150*time.Minute, 90*time.Second, monitor.Critical
	name := func(s string) monitor.Pattern { return monitor.Pattern{Text: s} }
	expr := func(s string) monitor.Pattern { return monitor.Pattern{Text: s, Regex: true} }
	want := monitor.Piggyback{
		Translations: []monitor.PiggybackTranslation{{
			Name: "esx", Sources: []monitor.Pattern{name("web2"), expr("esx[0-9]{1,3}"), expr(`vc(a,b)\,?`)},
			Case: monitor.CaseLower, DropDomain: true,
			Regexes: []monitor.PiggybackRename{{From: "vm-(.*)", To: `\1.\1`}, {From: "c", To: "d"}},
			Map:     []monitor.PiggybackRename{{From: "mv0815", To: "web1,web2"}, {From: "a", To: "b"}},
			Allow:   []monitor.Pattern{name("vm1"), name("vm2"), expr("web")}, Refuse: []monitor.Pattern{expr(".*-prod$")},
			Most: 500,
		}},
		Policies: []monitor.PiggybackPolicy{
			{Name: "#1", Hosts: []monitor.Pattern{name("web1"), name("web2"), expr("vm")}, Use: monitor.UseExpect, MaxAge: &age, Validity: &validity, ValidityState: &critical},
			{Name: "#2", Use: monitor.UseIfPresent},
		},
	}
	if diff := cmp.Diff(want, c.Piggyback); diff != "" {
		t.Error(diff)
	}
}

func TestAMapMayNameAHostThatNoOutputCouldSpell(t *testing.T) {
	c, r := readMore(t, "define host {\n use plain-host\n host_name Büro Server\n}\ndefine piggyback_translation {\n map buero=Büro Server+web1\n}\n")
	if !r.OK() {
		t.Fatal(say(r))
	}
	if diff := cmp.Diff([]monitor.PiggybackRename{{From: "buero", To: "Büro Server,web1"}}, c.Piggyback.Translations[0].Map); diff != "" {
		t.Error(diff)
	}
	_, r = readMore(t, "define piggyback_translation {\n map buero=Büro Server\n}\n")
	if text := say(r); r.OK() || !strings.Contains(text, `"Büro Server" is no name that payloads can be for`) {
		t.Errorf("a name that no host has: %s", text)
	}
}

func TestAMapToTooManyHostsIsRefused(t *testing.T) {
	_, r := readMore(t, "define piggyback_translation {\n map x=h"+strings.Repeat("+h", 63)+"\n}\n")
	if !r.OK() {
		t.Errorf("64 hosts: %s", say(r))
	}
	_, r = readMore(t, "define piggyback_translation {\n map x=h"+strings.Repeat("+h", 64)+"\n}\n")
	if text := say(r); r.OK() || !strings.Contains(text, "to 65 hosts, and at most 64 can be") {
		t.Errorf("65 hosts: %s", text)
	}
}

func TestSourcesThatCameToNothingAreNotEverybody(t *testing.T) {
	c, r := readMore(t, "define hostgroup {\n hostgroup_name none\n}\ndefine piggyback_translation {\n name x\n source_hostgroup_name none\n case lower\n}\n")
	if !r.OK() {
		t.Fatal(say(r))
	}
	if diff := cmp.Diff([]monitor.Pattern{{}}, c.Piggyback.Translations[0].Sources); diff != "" {
		t.Error(diff)
	}
}

func TestDynamicRulesAreRead(t *testing.T) {
	c, r := readMore(t, `
define host {
    use         plain-host
    name        guest
    hostgroups  guests
    register    0
}
define hostgroup {
    hostgroup_name  guests
}
define hostgroup {
    hostgroup_name     all
    hostgroup_members  guests
}
define service {
    use                  plain-service
    hostgroup_name       all
    service_description  PING
}
define dynamic_host_rule {
    rule_name     vms
    source_name   web1
    host_regex    vm
    host_use      guest
    hostgroups    web
    services      discover
    service_use   plain-service
    remove_after  7d
    most          20
}
define dynamic_host_rule {
    rule_name     north
    host_use      guest
    site          north
}
define dynamic_host_rule {
    rule_name     off
    host_use      guest
    enabled       0
}
`)
	if !r.OK() || r.Warnings > 0 {
		t.Fatal(say(r))
	}
	vms := monitor.DynamicRule{
		Name: "vms", Sources: []monitor.Pattern{{Text: "web1"}}, Hosts: []monitor.Pattern{{Text: "vm", Regex: true}},
		HostUse: "guest", ServiceUse: "plain-service", ServiceCommand: "check_ping", HostGroups: []string{"web"}, Discover: true,
		RemoveAfter: 7 * 24 * time.Hour, Most: 20, Enabled: true,
	}
	want := []monitor.DynamicRule{
		vms, {Name: "north", HostUse: "guest", Site: "north", Most: 1000, Enabled: true}, {Name: "off", HostUse: "guest", Most: 1000},
	}
	if diff := cmp.Diff(want, c.DynamicRules); diff != "" {
		t.Error(diff)
	}
	sites := []monitor.PiggybackSite{{Sources: vms.Sources, Hosts: vms.Hosts}, {Site: "north"}}
	if diff := cmp.Diff(sites, c.Piggyback.Sites); diff != "" {
		t.Error(diff)
	}
}

func TestTextsAreReadAgainWithMore(t *testing.T) {
	const text = `
define dynamic_host_rule {
    rule_name  vms
    host_use   plain-host
}
`
	first, r := readMore(t, text)
	if !r.OK() || first.Texts == nil {
		t.Fatal(say(r), first.Texts)
	}
	if err := os.RemoveAll(filepath.Dir(first.Main)); err != nil {
		t.Fatal(err)
	}
	opts := objects.Opts{Texts: first.Texts, More: []objects.Text{{Name: "dynamic hosts", Text: "define host {\n use plain-host\n host_name vm1\n}\ndefine host {\n use nobody\n host_name vm2\n}\n"}}}
	c, r := objects.Load(first.Main, opts)
	if diff := cmp.Diff(append(slices.Clone(first.Files), "dynamic hosts"), c.Files); diff != "" {
		t.Error(diff)
	}
	want := "dynamic hosts:6: no host template is called \"nobody\"\n"
	if got := say(r); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q at the beginning", got, want)
	}
	if _, ok := c.Host("vm1"); !ok || len(c.Hosts) != len(first.Hosts)+2 {
		t.Errorf("%d hosts became %d, vm1 among them: %v", len(first.Hosts), len(c.Hosts), ok)
	}
	if c.Texts != first.Texts {
		t.Error("the texts are packed again")
	}
}
