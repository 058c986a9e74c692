package dynamic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/arbiter/dynamic"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// basis is what hosts are made of in the fuzz test.
const basis = `
define timeperiod {
 timeperiod_name always
 alias always
}
define command {
 command_name x
 command_line /bin/true $ARG1$
}
define contact {
 contact_name ann
 host_notification_period always
 service_notification_period always
 host_notification_commands x
 service_notification_commands x
}
define host {
 name guest
 register 0
 contacts ann
 max_check_attempts 3
}
define service {
 name offered
 register 0
 check_command x
 contacts ann
 max_check_attempts 3
}
define host {
 use guest
 host_name web1
}
define service {
 use offered
 host_name web1
 service_description s
}
define dynamic_host_rule {
 rule_name vms
 host_use guest
 services discover
 service_use offered
}
`

// Whatever a source is called and offers, it is read back as it was written, and no other host is touched.
func FuzzText(f *testing.F) {
	main := filepath.Join(f.TempDir(), "main.cfg")
	for path, text := range map[string]string{main: "cfg_file=objects.cfg\n", filepath.Join(filepath.Dir(main), "objects.cfg"): basis} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	config, report := objects.Load(main, objects.Opts{})
	if !report.OK() {
		f.Fatal(report.Problems)
	}
	f.Add("esx", "Disk /", "-s df -i /")
	f.Add("a;b\\", "x }", "-i 'a;b\\!c' # \\")
	f.Add("}", "null", "{")
	f.Fuzz(func(t *testing.T, source, description, arguments string) {
		l := dynamic.New("", monitor.Dynamics{})
		l.Read(config.DynamicRules, nobody, start)
		service := monitor.DynamicService{Description: description, CheckCommand: "x!" + arguments}
		l.Add([]dynamic.Candidate{{Host: "vm1", Source: source, Rule: "vms", At: start, Services: []monitor.DynamicService{service}}}, nobody, start)
		c, report := objects.Load(main, objects.Opts{Texts: config.Texts, More: []objects.Text{{Name: "dynamic", Text: l.Text().Text}}})
		for _, p := range report.Problems {
			if p.Severity == objects.Error && p.File != "dynamic" {
				t.Errorf("%s:%d: %s", p.File, p.Line, p.Text)
			}
		}
		if !report.OK() {
			return // the host is left out
		}
		i, ok := c.Host("vm1")
		if !ok || len(c.Hosts) != 2 || len(c.ServicesOf(i)) != 1 {
			t.Fatalf("%d hosts, vm1 among them: %v", len(c.Hosts), ok)
		}
		clean := strings.NewReplacer("\n", " ", "\r", " ", "\x00", " ")
		for _, v := range c.Hosts[i].Vars {
			if want := strings.Trim(clean.Replace(source), " \t"); v.Name == "PIGGYBACK_SOURCE" && v.Value != want {
				t.Errorf("the source %q is read as %q", source, v.Value)
			}
		}
		if got, want := c.ServicesOf(i)[0].Description, strings.Trim(clean.Replace(description), " \t"); got != want {
			t.Errorf("the description %q is read as %q", description, got)
		}
	})
}
