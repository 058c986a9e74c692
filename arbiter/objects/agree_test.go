package objects_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

// nagios4 can write down what it made of a configuration, without templates and groups to expand. Read from that, every
// object must be what it is when read from the configuration itself. Left out is what nagios4 4.4 writes wrongly: the o of
// hosts' options becomes u, and initial_state is always o.
func TestNagiosMakesTheSameOfAConfiguration(t *testing.T) {
	program := realpeer.Program(t, "nagios4", "nagios4")
	dir := realpeer.Dir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	rest := fmt.Sprintf("log_file=%[1]s/log\nprecached_object_file=%[1]s/flat.cfg\nobject_cache_file=%[1]s/cache\ncheck_result_path=%[1]s\ntemp_path=%[1]s\n", dir)
	written := realpeer.File(t, dir, "nagios.cfg", fmt.Sprintf("cfg_file=%[1]s/testdata/base.cfg\ncfg_file=%[1]s/testdata/inherit.cfg\n", here)+rest)
	flat := realpeer.File(t, dir, "again.cfg", "cfg_file=flat.cfg\n"+rest)
	out, err := exec.Command(program, "-p", "-v", written).CombinedOutput()
	if _, missing := os.Stat(filepath.Join(dir, "flat.cfg")); err != nil || missing != nil {
		t.Fatalf("nagios4 -pv: %v, %v\n%s", err, missing, out)
	}
	ours, r := objects.Load(written, objects.Opts{})
	theirs, r2 := objects.Load(flat, objects.Opts{})
	if !r.OK() || !r2.OK() {
		t.Fatalf("errors: %v\n%v", r.Problems, r2.Problems)
	}
	if diff := cmp.Diff(dump(theirs), dump(ours)); diff != "" {
		t.Errorf("-nagios4 +onbu\n%s", diff)
	}
}

// dump writes every object by name, whatever its number.
func dump(c *objects.Config) map[string]string {
	m := map[string]string{}
	for _, h := range c.Hosts {
		m["host "+h.Name] = fmt.Sprint(h.Alias, h.DisplayName, h.Address, h.Notes, settings(c, h.Settings), call(c, h.Check),
			sortedNames(c, h.Parents), h.Vars)
	}
	for i, s := range c.Services {
		m["service "+service(c, uint32(i))] = fmt.Sprint(s.DisplayName, s.Notes, settings(c, s.Settings), call(c, s.Check), s.Vars)
	}
	for _, p := range c.Contacts {
		m["contact "+p.Name] = fmt.Sprint(p.Email, p.Addresses, p.CanSubmit, p.Vars, way(c, p.Host), way(c, p.Service))
	}
	for _, g := range c.HostGroups {
		m["hostgroup "+g.Name] = sortedNames(c, g.Members)
	}
	for _, g := range c.ServiceGroups {
		m["servicegroup "+g.Name] = each(g.Members, func(i uint32) string { return service(c, i) })
	}
	for _, g := range c.ContactGroups {
		m["contactgroup "+g.Name] = each(g.Members, func(i uint32) string { return c.Contacts[i].Name })
	}
	for _, d := range c.Dependencies {
		if d.Execution != 0 {
			m["execution "+target(c, d.Dependent)+" on "+target(c, d.Master)] = fmt.Sprint(d.Execution, d.InheritsParent, period(c, d.Period))
		}
		if d.Notification != 0 {
			m["notification "+target(c, d.Dependent)+" on "+target(c, d.Master)] = fmt.Sprint(d.Notification, d.InheritsParent, period(c, d.Period))
		}
	}
	dumpEscalations(c, m)
	return m
}

func dumpEscalations(c *objects.Config, m map[string]string) {
	for _, e := range c.Escalations {
		what := fmt.Sprint(e.First, e.Last, e.Interval, e.Options, period(c, e.Period), people(c, e.Contacts))
		for _, h := range e.Hosts {
			m["escalation "+c.Hosts[h].Name] += what
		}
		for _, s := range e.Services {
			m["escalation "+service(c, s)] += what
		}
	}
}

func settings(c *objects.Config, n uint32) string {
	s := c.Settings[n]
	return fmt.Sprint(s.MaxAttempts, s.CheckInterval, s.RetryInterval, period(c, s.CheckPeriod), s.Switches, s.Volatile,
		s.FreshnessThreshold, period(c, s.NotificationPeriod), s.NotificationOptions, s.NotificationInterval,
		s.FirstNotificationDelay, people(c, s.Contacts), call(c, s.EventHandler), s.FlapOptions, s.LowFlap, s.HighFlap,
		s.StalkingOptions, s.NotesURL, s.ActionURL, s.IconImage)
}

func period(c *objects.Config, i int32) string {
	if i == monitor.None {
		return "always"
	}
	return c.Timeperiods[i].Name
}

func call(c *objects.Config, x monitor.Call) string {
	if x.Command == monitor.None {
		return "no command"
	}
	return fmt.Sprintf("%s%q", c.Commands[x.Command].Name, c.Args[x.Args])
}

func way(c *objects.Config, w monitor.Way) string {
	var commands []string
	for _, x := range w.Commands {
		commands = append(commands, call(c, x))
	}
	slices.Sort(commands) // Nagios writes them from last to first
	return fmt.Sprint(w.Enabled, period(c, w.Period), w.Options, commands)
}

func people(c *objects.Config, list []uint32) string {
	return each(list, func(i uint32) string { return c.Contacts[i].Name })
}

func service(c *objects.Config, i uint32) string {
	return c.Hosts[c.Services[i].Host].Name + "/" + c.Services[i].Description
}

func sortedNames(c *objects.Config, hosts []uint32) string {
	return each(hosts, func(i uint32) string { return c.Hosts[i].Name })
}

func each(list []uint32, name func(uint32) string) string {
	var out []string
	for _, i := range list {
		out = append(out, name(i))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
