package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/api"
)

const guestBytes = 600

// esx is the address of the source of these tests.
var esx = netip.MustParseAddr("127.1.0.1")

// fakeAgent runs agents on all loopback addresses, each with payloads for three hosts, until stop or the end of the test.
func fakeAgent(t *testing.T) (port int, stop func()) {
	t.Helper()
	c := exec.Command(binary, "bench", "target", target.AgentWith(3, guestBytes))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		in.Close()
		_ = c.Wait()
	}
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if port, err = strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "listening "))); err != nil {
		t.Fatal(err)
	}
	return port, stop
}

// piggybackConfig has the source and the first two of the hosts that it speaks for; nobody knows the third.
func piggybackConfig(t *testing.T, port int) *config {
	c := newConfig(t)
	c.Command("agent", fmt.Sprintf("onbu-agent -H $HOSTADDRESS$ -p %d --cache 1 $ARG1$", port))
	c.Command("payload", "onbu-agent --piggyback-only $ARG1$")
	c.Host("esx", "ada", "address "+esx.String())
	c.service("esx", "Agent", "agent", "check_interval 2", "retry_interval 2", "max_check_attempts 1")
	c.service("esx", "Memory", "agent!-s mem", "check_interval 2", "retry_interval 2", "max_check_attempts 1")
	for i := range 2 {
		c.host(target.Guest(esx, i))
		c.service(target.Guest(esx, i), "Guest", "payload!-s local -i "+target.GuestCheck, "check_interval 60", "retry_interval 60", "max_check_attempts 1")
	}
	return c
}

// ask gives what a command prints, which must end well.
func (o *onbu) ask(args ...string) string {
	o.t.Helper()
	var out, wrong bytes.Buffer
	if code := callTo(o.t, &out, &wrong, append(args, "--http", o.Addr)...); code != 0 || wrong.Len() > 0 {
		o.t.Errorf("onbu %q: exit status %d: %s", args, code, wrong.String())
	}
	return out.String()
}

// guestAfter waits until the service of a host was computed from an output that is later than the one of that number, and gives its number.
func (o *onbu) guestAfter(host string, number int) (later int) {
	o.t.Helper()
	o.seen(host+"/Guest", fmt.Sprintf("is of an output after %d", number), func(one api.Object) bool {
		n, _ := fmt.Sscanf(one.Output, "output %d", &later)
		return n == 1 && later > number && one.State == "OK"
	})
	return later
}

// wants looks for parts of a text.
func (o *onbu) wants(text string, parts ...string) {
	o.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			o.t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

func TestWhatAnAgentSaysOfOtherHostsReachesThemAndThePagesSaySo(t *testing.T) {
	t.Parallel()
	port, stopAgent := fakeAgent(t)
	c := piggybackConfig(t, port)
	main, dir := c.write(), t.TempDir()
	o := serve(t, dir, "run", main, "--command-file", "-")
	first, second, third := target.Guest(esx, 0), target.Guest(esx, 1), target.Guest(esx, 2)
	for _, host := range []string{first, second} {
		o.guestAfter(host, o.guestAfter(host, 0)) // with each fetch anew, long before its interval
	}

	if got := o.ask("piggyback", "orphans"); got != third+"\n" {
		t.Errorf("orphans: %q, want %s alone", got, third)
	}
	o.wants(o.ask("piggyback", "orphans", "--where"), third, "esx", "no host has that name")
	o.wants(o.ask("piggyback", "list"), "2 payloads for 2 hosts", "1 source; 1 orphan; queues empty", first, second, "Successfully processed from source 'esx'")
	o.wants(o.ask("piggyback", "list", first), "esx calls it "+first+" and says: local", "Guest")
	o.eventually("status says how it stands", func() error {
		if got := o.ask("status"); !strings.Contains(got, "piggyback: 1 source, 1 orphan, queues empty") {
			return errors.New(got)
		}
		return nil
	})
	o.wants(o.ask("piggyback", "conflicts"), "no conflicts")
	for _, host := range []string{first, third} {
		raw := o.ask("piggyback", "cat", host)
		if len(raw) != guestBytes || !strings.HasPrefix(raw, "<<<local:sep(0)>>>\n0 "+target.GuestCheck+" ") {
			t.Errorf("cat %s: %d bytes: %q", host, len(raw), raw)
		}
	}
	own := o.ask("agent", "cat", "esx")
	if !strings.HasPrefix(own, "<<<check_mk>>>\n") || !strings.Contains(own, "<<<mem>>>") || strings.Contains(own, target.GuestCheck) {
		t.Errorf("agent cat: %d bytes, %.100q …", len(own), own)
	}
	o.tries(third, second)

	stopAgent()
	interrupt(o)
	o = serve(t, dir, "run", main, "--command-file", "-")
	o.eventually("the payloads are still there", func() error {
		if got := o.ask("piggyback", "list"); !strings.Contains(got, "2 payloads for 2 hosts") {
			return errors.New(got)
		}
		return nil
	})
	o.obey("SCHEDULE_FORCED_SVC_CHECK;%s;Guest;0", first)
	o.guestAfter(first, 0)
	interrupt(o)
}

// tries says what rules would do with the orphan: it would be the second host, which is in conflict with itself then.
func (o *onbu) tries(orphan, second string) {
	o.t.Helper()
	rules := realpeer.File(o.t, o.t.TempDir(), "rules.cfg", fmt.Sprintf("define piggyback_translation {\n\tsource_name esx\n\tmap %s=%s\n}\n", orphan, second))
	got := o.ask("piggyback", "try", rules)
	o.wants(got, "3 names: 1 would change, 0 would be orphans, 0 would be for nobody; 1 conflict", "conflict: "+second+": ")
	bad := realpeer.File(o.t, o.t.TempDir(), "rules.cfg", "define piggyback_translation {\n\tsource_name nobody\n\tcase lower\n}\n")
	if out, code := call(o.t, "piggyback", "try", bad, "--http", o.Addr); code != 1 || !strings.Contains(out, "rules.cfg:2: ") {
		o.t.Errorf("rules with a mistake: exit status %d: %s", code, out)
	}
}

func TestMistakesInQuestionsAboutPayloads(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"piggyback":             "say what: list [HOST], orphans",
		"piggyback lst":         `"lst" is none of: list [HOST]`,
		"piggyback cat":         "needs cat HOST [SOURCE], got 0 arguments",
		"piggyback orphans all": "needs orphans, got 1 arguments",
		"agent":                 "say what: cat HOST, ca, receiver",
		"agent foo":             `"foo" is none of: cat HOST, ca, receiver`,
	} {
		if out, code := call(t, strings.Fields(line)...); code != 2 || !strings.Contains(out, want) {
			t.Errorf("onbu %s: exit status %d: %s", line, code, out)
		}
	}
}

// Of two schedulers the one that looks after the hosts dies at once; the other one has them evaluated with what comes next.
func TestPayloadsOutliveAScheduler(t *testing.T) {
	t.Parallel()
	port, _ := fakeAgent(t)
	main := piggybackConfig(t, port).write()
	c := newCluster(t)
	c.bus()
	one := c.role("scheduler", "--name", "one")
	one.listening()
	b := c.role("broker")
	b.listening()
	c.role("arbiter", main)
	c.role("poller")
	one.counts("onbu_scheduler_shards", 16)
	two := c.role("scheduler", "--name", "two")
	two.listening()
	host := target.Guest(esx, 0)
	number := b.guestAfter(host, 0)
	one.kill()
	two.counts("onbu_scheduler_shards", 16)
	b.guestAfter(host, b.guestAfter(host, number))
}
