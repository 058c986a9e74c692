package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/realpeer/browser"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/api"
)

// patience is how long anything that must happen may take on a machine that has other things to do.
const patience = 60 * time.Second

// What somebody writes who means harm. If a page took it for markup, the script in it would leave its mark on the document.
const (
	hostile     = `<img src=x onerror="document.documentElement.dataset.owned=1"><script>document.documentElement.dataset.owned=2</script>`
	hostileName = `<svg onload=owned()>` // what may stand in the name of a host
	hostileVM   = `<b onclick=owned()>vm</b>`
)

// site is an engine at work, with everything in this process. Nothing is checked by itself but for ham/tick and what the agent of
// esx says: the tests say how hosts and services are.
type site struct {
	t *testing.T
	console.Client
	engine *engine
}

// The people of the site; their password is their name twice, with a dash.
var people = []sign.User{{Name: "reader", Role: sign.Read}, {Name: "anna", Role: sign.Command}, {Name: "boss", Role: sign.Admin}}

func password(name string) string { return name + "-" + name }

const agentOutput = `<<<check_mk>>>
Version: 2.4.0
AgentOS: linux
<<<local:sep(0)>>>
0 Temperature celsius=21;30;40 cool
<<<<vm-1>>>>
<<<local:sep(0)>>>
0 Web visitors=7 all is well in vm-1
<<<<` + hostileVM + `>>>>
<<<local:sep(0)>>>
0 Web - nobody knows this one
<<<<>>>>
`

// configuration writes the site's and gives its main file. The pages have a port of their own too, for reverse proxies.
func configuration(t *testing.T, dir string, own int) string {
	t.Helper()
	output := realpeer.File(t, dir, "agent.txt", agentOutput)
	options := []string{"interval_length=1", "illegal_object_name_chars=`~", "parent_wait=1", "enable_flap_detection=1", "translate_passive_host_checks=1"}
	main, err := objectstest.Write(dir, "main.cfg", options, func(o *objectstest.Text) {
		o.Define("module", "module_name pages", "module_type web", "host 127.0.0.1", fmt.Sprintf("port %d", own),
			"proxies 127.0.0.9", "proxy_header X-Remote-User", "proxy_role read")
		o.Basis("ann", "/bin/true", "alias Ann of the night shift")
		o.Command("dummy", "/usr/lib/nagios/plugins/check_dummy $ARG1$ $ARG2$")
		o.Command("agent", "onbu-agent --file "+output+" $ARG1$")
		o.Command("payload", "onbu-agent --piggyback-only $ARG1$")
		passive := []string{"check_command dummy!0!fine", "active_checks_enabled 0"}
		host := func(name, parents string, more ...string) {
			o.Host(name, "ann", append(append(more, "address 127.0.0.1", "parents "+parents), passive...)...)
			o.Service(name, "disk", "dummy!0!fine", "ann", "active_checks_enabled 0", "max_check_attempts 1")
		}
		host("core", "null", "business_impact 5")
		host("access", "core")
		host("srv-1", "access")
		host("srv-2", "access")
		host(hostileName, "core", "notes "+hostileName)
		o.Service("core", "tick", "dummy!0!ticks", "ann", "check_interval 3600", "max_check_attempts 1")
		o.Host("esx", "ann", "address 127.0.0.1", "parents core", "check_command agent", "check_interval 5")
		o.Service("esx", "Temperature", "agent!-s local -i Temperature", "ann", "check_interval 5")
		o.Host("vm-1", "ann", "address 127.0.0.2", "check_command payload", "check_interval 5")
		o.Service("vm-1", "Web", "payload!-s local -i Web", "ann", "check_interval 5")
	})
	if err != nil {
		t.Fatal(err)
	}
	return main
}

// users writes the file of those who can sign in. Their passwords cost little: there is nothing to guess.
func users(t *testing.T, path string) {
	t.Helper()
	err := sign.Edit(path, func(l *sign.List) error {
		for _, u := range people {
			u.Hash = sign.Hash(password(u.Name), sign.DefaultWork())
			if err := l.Put(&u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// calm says that everything is fine, and waits until the view has it.
func (s *site) calm() {
	s.t.Helper()
	for _, host := range []string{"core", "access", "srv-1", "srv-2", hostileName} {
		s.host(host, 0, "fine")
		s.service(host, "disk", 0, "fine")
	}
	s.eventually("everything is fine", func() error {
		sum, err := s.Summary(s.t.Context())
		if err == nil && (sum.Hosts["UP"] != 7 || sum.Services["OK"] != 8) {
			err = fmt.Errorf("hosts %v, services %v", sum.Hosts, sum.Services)
		}
		return err
	})
}

// host tells of a host's state, as somebody who submits a passive result: 0 for UP, 1 for DOWN.
func (s *site) host(name string, state int, output string) {
	s.t.Helper()
	s.obey("PROCESS_HOST_CHECK_RESULT", name, fmt.Sprint(state), output)
}

// service tells of a service's state.
func (s *site) service(host, name string, state int, output string) {
	s.t.Helper()
	s.obey("PROCESS_SERVICE_CHECK_RESULT", host, name, fmt.Sprint(state), output)
}

// obey gives an external command.
func (s *site) obey(words ...string) {
	s.t.Helper()
	line := fmt.Sprintf("[%d] %s", time.Now().Unix(), strings.Join(words, ";"))
	s.eventually("the engine takes "+words[0], func() error {
		_, err := s.Command(s.t.Context(), line)
		return err
	})
}

// seen waits until a host or service is as asked for.
func (s *site) seen(host, service, what string, is func(*api.Object) bool) {
	s.t.Helper()
	s.eventually(host+"/"+service+" "+what, func() error {
		kind := "hosts"
		if service != "" {
			kind = "services"
		}
		all, err := s.Objects(s.t.Context(), kind, nil)
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].Host == host && all[i].Service == service {
				if is(&all[i]) {
					return nil
				}
				return fmt.Errorf("it is %+v", all[i])
			}
		}
		return fmt.Errorf("there is no such object")
	})
}

func (s *site) eventually(what string, holds func() error) {
	s.t.Helper()
	limit := time.Now().Add(patience)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(limit) {
			s.t.Fatalf("never: %s: %v", what, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// at gives the address of a page: "problems?state=DOWN".
func (s *site) at(page string) string { return "http://" + s.Addr + "/ui/" + page }

// signedIn opens a tab in which somebody has signed in, and shows a page there.
func (s *site) signedIn(t *testing.T, b *browser.Browser, name, page string) *browser.Tab {
	t.Helper()
	tab := b.Tab(t)
	tab.Go(s.at("sign-in"))
	tab.Fill("Name", name)
	tab.Fill("Password", password(name))
	tab.Click("button", "Sign in")
	tab.Until("signed in", "document.body.dataset.who === '"+name+"'")
	tab.Go(s.at(page))
	return tab
}

// unowned fails the test if what somebody hostile wrote became part of a page.
func unowned(t *testing.T, tab *browser.Tab) {
	t.Helper()
	if n := browser.Eval[int](tab, "document.querySelectorAll('[onload],[onerror],[onclick],main script').length"); n != 0 {
		t.Errorf("%d elements of the page were made by what is hostile", n)
	}
	if owned := browser.Eval[bool](tab, "'owned' in document.documentElement.dataset"); owned {
		t.Error("a hostile script has run")
	}
}
