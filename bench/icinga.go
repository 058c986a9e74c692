package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

const peerIcinga = "icinga2"

func icingaProgram() (string, error) { return peerProgram(peerIcinga, "icinga2-bin") }

// icinga offers the scenario to icinga2, which forks the plugins; check_dummy it makes itself.
func (r *run) icinga(ctx context.Context) (*Figures, error) {
	program, err := icingaProgram()
	if err != nil {
		return nil, err
	}
	s, err := r.config(peerIcinga, r.scenario.loads)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(s.dir)
	arguments, err := s.icingaSite()
	if err != nil {
		return nil, err
	}
	r.say("starting icinga2")
	c, err := start(ctx, nil, program, arguments...)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	l := livestatus(s.path("live"))
	if err := r.peerWarmUp(ctx, peerIcinga, c, l.checks); err != nil {
		return nil, err
	}
	worker := *c
	worker.pid = largest(c.pid) // the one that was started only looks after it
	w, err := r.measure(ctx, peerIcinga, &worker, l.checks, nil)
	if err != nil {
		return nil, err
	}
	f := r.figures(peerIcinga, w, &worker)
	return f, l.addServices(context.WithoutCancel(ctx), f)
}

// icingaSite writes icinga2.conf, with nothing in it but checks, and gives the arguments that keep icinga2 within its folder.
func (s *site) icingaSite() ([]string, error) {
	who, err := user.Current()
	if err != nil {
		return nil, err
	}
	group, err := user.LookupGroupId(who.Gid)
	if err != nil {
		return nil, err
	}
	arguments := []string{"daemon", "-c", s.path("icinga2.conf")}
	define := func(name, value string) { arguments = append(arguments, "-D", "Configuration."+name+"="+value) }
	for _, folder := range []string{"DataDir", "LogDir", "CacheDir", "InitRunDir", "SpoolDir"} {
		if err := os.Mkdir(s.path(folder), 0o755); err != nil {
			return nil, err
		}
		define(folder, s.path(folder))
	}
	define("PidPath", s.path("icinga2.pid"))
	define("RunAsUser", who.Username)
	define("RunAsGroup", group.Name)
	return arguments, s.writeIcinga()
}

// icingaBasis is what all objects stand on; the number of checks at once is icinga2's own default.
const icingaBasis = `const MaxConcurrentChecks = 512
object CheckerComponent "checker" {}
object LivestatusListener "livestatus" { socket_type = "unix", socket_path = "DIR/live" }
object CheckCommand "none" { import "dummy-check-command" }
template Host "every" { check_command = "none", enable_active_checks = false }
template Service "each" {
  check_interval = EVERY, retry_interval = EVERY, max_check_attempts = 1
  enable_flapping = false, enable_perfdata = false, enable_notifications = false
}
`

func (s *site) writeIcinga() error {
	file, err := os.Create(s.path("icinga2.conf"))
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<16)
	fmt.Fprint(w, strings.NewReplacer("DIR", s.dir, "EVERY", strconv.Itoa(int(s.interval.Seconds()))).Replace(icingaBasis))
	host := 0
	for _, g := range s.groups {
		command, err := s.icingaCommand(g)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "object CheckCommand %q { %s }\n", g.name, command)
		for i := range g.services {
			if i%g.ofHost() == 0 {
				host++
				fmt.Fprintf(w, "object Host \"%s-%d\" { import \"every\", address = \"%s\" }\n", g.name, host, address(host))
			}
			fmt.Fprintf(w, "object Service \"s%d\" { import \"each\", host_name = \"%s-%d\", check_command = %q }\n", i%g.ofHost(), g.name, host, g.name)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return file.Close()
}

// icingaCommand gives the attributes of a load's CheckCommand.
func (s *site) icingaCommand(g group) (string, error) {
	if g.module == "dummy" {
		return `import "dummy-check-command"`, nil
	}
	const address = "ADDRESS-OF-HOST" // a $ would be for a shell
	line := strings.NewReplacer("$USER1$", plugins, "$HOSTADDRESS$", address).Replace(s.commandLine(g))
	words, err := cmdline.Words(line)
	if err != nil {
		return "", fmt.Errorf("the command of %s: %w", g.name, err)
	}
	for i := range words {
		words[i] = strconv.Quote(strings.ReplaceAll(words[i], address, "$address$"))
	}
	return "command = [ " + strings.Join(words, ", ") + " ], timeout = 60", nil
}

// livestatus is the socket at which icinga2 answers questions.
type livestatus string

// ask gives the lines of the answer, cut at the semicolons.
func (l livestatus) ask(ctx context.Context, question string, row func(cells []string) error) error {
	d := net.Dialer{Timeout: 10 * time.Second}
	c, err := d.DialContext(ctx, "unix", string(l))
	if err != nil {
		return fmt.Errorf("%w: livestatus: %w", errNotYet, err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(60 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, question+"\n\n"); err != nil {
		return fmt.Errorf("livestatus: %w", err)
	}
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		return fmt.Errorf("livestatus: %w", err)
	}
	return parseLivestatus(c, row)
}

// parseLivestatus reads an answer.
func parseLivestatus(r io.Reader, row func(cells []string) error) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if err := row(strings.Split(lines.Text(), ";")); err != nil {
			return fmt.Errorf("livestatus: %q: %w", lines.Text(), err)
		}
	}
	return lines.Err()
}

// checks counts the checks made. It does not say how many are under way.
func (l livestatus) checks(ctx context.Context) (checks, error) {
	n, found := 0.0, false
	err := l.ask(ctx, "GET status\nColumns: service_checks", func(cells []string) (err error) {
		found = true
		n, err = strconv.ParseFloat(cells[0], 64)
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: livestatus says nothing", errNotYet)
	}
	return checks{done: int64(n)}, err
}

// addServices takes lateness and states of every service's last check.
func (l livestatus) addServices(ctx context.Context, f *Figures) error {
	var late []float64
	err := l.ask(ctx, "GET services\nColumns: latency state\nFilter: has_been_checked = 1", func(cells []string) error {
		if len(cells) != 2 {
			return fmt.Errorf("%d columns", len(cells))
		}
		seconds, err := strconv.ParseFloat(cells[0], 64)
		late = append(late, seconds)
		if cells[1] != "0" {
			f.Errors++
		}
		return err
	})
	slices.Sort(late)
	f.Lateness = latenessOf(late)
	return err
}
