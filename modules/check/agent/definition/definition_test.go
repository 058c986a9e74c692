package definition_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/check/agent/definition"
	"github.com/onbu/onbu/modules/check/agent/service"
)

func offer(kind, item, description string) service.Offer {
	return service.Offer{Kind: kind, Found: service.Found{Item: item, Description: description}}
}

func TestServicesAreWrittenAsNagiosReadsThem(t *testing.T) {
	h := definition.Host{Name: "web1", Template: "generic-service", Command: "agent", Own: true}
	o := offer("df", "/a;b$c!", "Filesystem /a_b_c_")
	o.Warn, o.Options = "80%", map[string]string{"free": "10G:,5G:"}
	text, added := h.Services([]service.Offer{o}, nil)
	want := `
define service {
    use                   generic-service
    host_name             web1
    service_description   Agent
    check_command         agent
}

define service {
    use                   generic-service
    host_name             web1
    service_description   Filesystem /a_b_c_
    check_command         agent!-s df -i '/a\;b$$c\!' -w 80% -o free=10G:,5G:
}
`
	if diff := cmp.Diff(want, text); diff != "" || added != 2 {
		t.Errorf("%d were added (-want +got):\n%s", added, diff)
	}
}

func TestACommandHasTheOptionsWithTheMacroForTheAddress(t *testing.T) {
	for _, address := range [][]string{{"-H", "192.0.2.1"}, {"-H192.0.2.1"}, {"--host", "192.0.2.1"}, {"--host=192.0.2.1"}} {
		got := definition.Command("agent", slices.Concat([]string{"-4"}, address, []string{"-p", "6557", "--program", "/opt/x y $HOME; z"}))
		want := `define command {
    command_name          agent
    command_line          onbu-agent -4 -H $HOSTADDRESS$ -p 6557 --program '/opt/x y $$HOME\; z' $ARG1$
}
`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", address, diff)
		}
	}
}

const edited = `# by hand
define service{
    use          other   ; not the usual one
    host_name    web1
    service_description  Root; the disk
    check_command	agent!-w 70 -s df -i /
}
define service {
  host_name web1
  service_description Ping
  check_command check_ping!100,20%!500,60%
}
define service {
  host_name web2
  service_description Uptime
  check_command agent!-s uptime
}
define command {
  command_name agent
  command_line onbu-agent -H $HOSTADDRESS$ $ARG1$
}
define service {
  host_name web1
  service_description Gone
  check_command agent!-s df -i '/old data'
`

func TestServicesInAFileAreFoundAgainHoweverTheyWereEdited(t *testing.T) {
	there, commands := definition.Read(edited + "}\n")
	want := []definition.Service{
		{Host: "web1", Description: "Root", Command: "agent", Kind: "df", Item: "/", Line: 2},
		{Host: "web1", Description: "Ping", Command: "check_ping", Own: true, Line: 8},
		{Host: "web2", Description: "Uptime", Command: "agent", Kind: "uptime", Line: 13},
		{Host: "web1", Description: "Gone", Command: "agent", Kind: "df", Item: "/old data", Line: 22},
	}
	if diff := cmp.Diff(want, there); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"agent"}, commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	h := definition.Host{Name: "web1", Command: "agent", Own: true}
	offers := []service.Offer{offer("df", "/", "Filesystem /"), offer("uptime", "", "Uptime"), offer("mem", "", "Ping")}
	text, added := h.Services(offers, there)
	if added != 3 || strings.Contains(text, "-i /\n") || !strings.Contains(text, "service_description   Ping mem\n") {
		t.Errorf("%d were added, want the agent's own service, Uptime and Ping mem:\n%s", added, text)
	}
	if diff := cmp.Diff(there[3:], h.Gone(offers, there)); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
}

// FuzzServices writes any offer and reads it back.
func FuzzServices(f *testing.F) {
	f.Add("/a;b$c!", "80", "x=1", "Filesystem /", edited)
	f.Add(`\!\;'"`, "%", "~(a|b)", "Interface Intel(R)", "define service {\n")
	f.Add("}\t{", "", "", "", "}")
	f.Fuzz(func(t *testing.T, item, warn, option, description, old string) {
		if strings.ContainsAny(item+warn+option, "\x00\r\n") {
			return // discovery offers none of these
		}
		definition.Read(old)
		o := offer("df", item, service.Name(description))
		o.Warn, o.Options = warn, map[string]string{"free": option}
		h := definition.Host{Name: "web1", Command: "agent"}
		text, _ := h.Services([]service.Offer{o}, nil)
		there, _ := definition.Read(text)
		if len(there) != 1 || there[0].Key() != o.Key() || there[0].Description != o.Description || len(h.Gone([]service.Offer{o}, there)) > 0 {
			t.Errorf("%q became\n%s\nand that %+v", item, text, there)
		}
		if _, added := h.Services([]service.Offer{o}, there); added != 0 {
			t.Errorf("%q is added twice:\n%s", item, text)
		}
	})
}
