package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

// offering is what an agent says that offers services of many kinds, some with names that no file takes as they are.
const offering = `<<<check_mk>>>
Version: 2.3.0p10
AgentOS: linux
<<<df_v2>>>
/dev/sda2      ext4  41152736 20576368 18455636  53% /
/dev/sdb1      ext4  41152736 20576368 18455636  53% /srv/a b;c!d$e"f'g}
/dev/sdb2      ext4  41152736 20576368 18455636  53% /srv/$HOSTNAME$
/dev/sdb3      ext4  41152736 20576368 18455636  53% /srv/x\!y\;z` + "`id`" + `
<<<mem>>>
MemTotal:       8157456 kB
MemFree:        1200400 kB
MemAvailable:   4010020 kB
SwapTotal:      2097148 kB
SwapFree:       2097148 kB
<<<uptime>>>
1000 2000
<<<local:sep(0)>>>
0 "Two words; and (more)" - fine
<<<lnx_if>>>
[start_iplink]
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
[end_iplink]
<<<lnx_if:sep(58)>>>
  eth0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
<<<diskstat>>>
1700000000
   8       0 sda 100 0 1000 10 200 0 2000 20 0 100 30 0 0 0 0
<<<services>>>
Spooler running/auto Print Spooler
<<<docker_container_status:sep(0)>>>
{"Status": "running", "StartedAt": "2023-11-14T20:00:00.5Z"}
<<<esx_vsphere_vm>>>
runtime.powerState poweredOn
guestHeartbeatStatus green
<<<esx_vsphere_datastores:sep(9)>>>
[100% full, (really)]
accessible	true
<<<zebra>>>
x
<<<<other>>>>
<<<uptime>>>
5
<<<<>>>>
`

// discovers makes a configuration whose host web1 has a file for its services, and gives both.
func discovers(t *testing.T) (main, services string) {
	c := newConfig(t)
	c.host("web1")
	c.host("other")
	c.Command("carried", "onbu-agent --piggyback-only $ARG1$")
	c.service("other", "Carried", "carried")
	c.objects.WriteString("define service {\n name generic-service\n register 0\n check_interval 1\n retry_interval 1\n max_check_attempts 3\n" +
		" check_period always\n notification_period always\n contacts ada\n}\n")
	return c.write("cfg_file=web1.cfg"), filepath.Join(c.dir, "web1.cfg")
}

func TestWhatIsDiscoveredLoadsWithoutAWarningAndIsNeverUnknown(t *testing.T) {
	t.Parallel()
	main, services := discovers(t)
	output := realpeer.File(t, t.TempDir(), "output", offering)
	var stdout, stderr bytes.Buffer
	if code := callTo(t, &stdout, &stderr, "discover", "web1", "--write", services, "--", "--file", output); code != 0 {
		t.Fatalf("exit status %d: %s%s", code, stdout.String(), stderr.String())
	}
	for _, want := range []string{"1 sections that no kind of service reads: zebra", "payloads for 1 other hosts, such as other"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("stderr is %q, want in it %q", stderr.String(), want)
		}
	}
	out, code := call(t, "verify", main)
	if code != 0 || !strings.Contains(out, "0 errors, 0 warnings: fit to run") {
		text, _ := os.ReadFile(services)
		t.Fatalf("verify: exit status %d: %s\n%s", code, out, text)
	}
	o := serve(t, t.TempDir(), "run", main)
	o.eventually("all services are checked", func() error {
		all, err := o.objects()
		if err != nil {
			return err
		}
		checked := 0
		for name, one := range all {
			switch {
			case one.Service == "":
			case one.Host == "other" && one.State == "UNKNOWN": // until web1 has spoken for it
				return fmt.Errorf("%s: %s", name, one.Output)
			case one.State == "UNKNOWN" || one.LastCheck > 0 && one.Module != "agent":
				t.Fatalf("%s is %s by %s: %s", name, one.State, one.Module, one.Output)
			case one.State == "PENDING":
				return fmt.Errorf("%s is pending", name)
			default:
				checked++
			}
		}
		if checked < 15 {
			return fmt.Errorf("%d are checked", checked)
		}
		return nil
	})
	// What the engine got it offers too: the same services, by the command that they use.
	stdout.Reset()
	if code := callTo(t, &stdout, &stderr, "discover", "web1", "--write", services, "--http", o.Addr); code != 0 || !strings.Contains(stdout.String(), ": 0 services are new") {
		t.Errorf("from the engine: exit status %d, %s%s", code, stdout.String(), stderr.String())
	}
	// A host without an agent of its own has what others' agents say of it.
	o.eventually("other offers its uptime", func() error {
		out, code := call(t, "discover", "other", "--http", o.Addr)
		if code != 0 || !strings.Contains(out, "check_onbu_agent!-s uptime\n") || !strings.Contains(out, "onbu-agent --piggyback-only $ARG1$\n") {
			return fmt.Errorf("exit status %d: %s", code, out)
		}
		return nil
	})
	if out, code := call(t, "discover", "nobody", "--http", o.Addr); code != 1 || !strings.Contains(out, "no host is called nobody") {
		t.Errorf("a host that is none: exit status %d, %s", code, out)
	}
}

func TestDiscoveryAddsAndNeverRemoves(t *testing.T) {
	t.Parallel()
	services := filepath.Join(t.TempDir(), "web1.cfg")
	write := func(output string) string {
		file := realpeer.File(t, t.TempDir(), "output", output)
		out, code := call(t, "discover", "web1", "--write", services, "--", "--file", file)
		if code != 0 {
			t.Fatalf("exit status %d: %s", code, out)
		}
		return out
	}
	const uptime, mem = "<<<uptime>>>\n1000 2000\n", "<<<mem>>>\nMemTotal: 8157456 kB\nMemFree: 1200400 kB\n"
	if out := write(uptime); !strings.Contains(out, "2 services are new, 0 were there, 0 are not offered any more") {
		t.Errorf("the first time: %s", out)
	}
	mine := strings.Replace(read(t, services), "service_description   Uptime", "service_description   How long it is up", 1)
	mine = "# mine\n" + strings.Replace(mine, "-s uptime", "-s uptime -w 1000d", 1)
	realpeer.File(t, filepath.Dir(services), "web1.cfg", mine)
	if out := write(uptime + mem); !strings.Contains(out, "1 services are new, 2 were there, 0 are not offered any more") {
		t.Errorf("more is offered: %s", out)
	}
	if got := read(t, services); !strings.HasPrefix(got, mine) || strings.Count(got, "define command") != 1 || !strings.Contains(got, "-s mem") {
		t.Errorf("the file is now:\n%s", got)
	}
	before := read(t, services)
	if out := write(mem + "<<<job>>>\n"); !strings.Contains(out, "How long it is up is not offered any more; it stays until you remove it") || !strings.Contains(out, "0 services are new, 2 were there, 1 are not offered any more") {
		t.Errorf("less is offered: %s", out)
	}
	if got := read(t, services); got != before {
		t.Errorf("the file has changed:\n%s", got)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(errors.New("reading what was written: " + err.Error()))
	}
	return string(text)
}
