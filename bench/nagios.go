package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const peerNagios = "nagios4"

func nagiosProgram() (string, error) { return peerProgram(peerNagios, "nagios4-core") }

// peerProgram finds the daemon of a peer, which may not be in the PATH of people.
func peerProgram(name, debian string) (string, error) {
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is not here; on Debian: apt-get install %s monitoring-plugins-basic", name, debian)
}

// nagios offers the scenario to nagios4, which forks the plugins.
func (r *run) nagios(ctx context.Context) (*Figures, error) {
	program, err := nagiosProgram()
	if err != nil {
		return nil, err
	}
	s, err := r.config(peerNagios, r.scenario.loads)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(s.dir)
	if err := r.nagiosSite(s); err != nil {
		return nil, err
	}
	r.say("starting nagios4")
	c, err := start(ctx, nil, program, s.path("nagios.cfg"))
	if err != nil {
		return nil, err
	}
	defer c.stop()
	count := func(ctx context.Context) (checks, error) { return nagiosChecks(ctx, s.path("qh")) }
	if err := r.peerWarmUp(ctx, peerNagios, c, count); err != nil {
		return nil, err
	}
	w, err := r.measure(ctx, peerNagios, c, count, nil)
	if err != nil {
		return nil, err
	}
	f := r.figures(peerNagios, w, c)
	return f, addStatus(f, s.path("status.dat"))
}

// peerWarmUp waits until as many checks were made as there are services, and an interval more. An engine that is offered too much may never
// get there, so it is given three intervals and what a slow start takes.
func (r *run) peerWarmUp(ctx context.Context, name string, c *child, count counter) error {
	err := c.waitFor(ctx, "a word from "+name, readyWait, func() error {
		_, err := count(ctx)
		return err
	})
	if err != nil {
		return err
	}
	limit, shown := time.Now().Add(3*r.o.Interval+10*time.Second), time.Time{}
	err = c.waitFor(ctx, "the first check of every service", readyWait+3*r.o.Interval, func() error {
		n, err := count(ctx)
		if err != nil || n.done >= int64(r.o.Services) || time.Now().After(limit) {
			return err
		}
		if time.Since(shown) > lookEvery {
			shown = time.Now()
			r.say("%s: %s of %s services checked", name, thousands(int(n.done)), thousands(r.o.Services))
		}
		return errNotYet
	})
	if err != nil {
		return err
	}
	return r.settle(ctx)
}

// nagiosSite writes nagios.cfg, set up for speed, and gives the folder to the user that nagios4 will be.
func (r *run) nagiosSite(s *site) error {
	who, err := user.Current()
	if err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if who, err = user.Lookup("nagios"); err != nil {
			return fmt.Errorf("nagios4 gives up root: %w", err)
		}
	}
	group, err := user.LookupGroupId(who.Gid)
	if err != nil {
		return err
	}
	if err := os.Mkdir(s.path("results"), 0o755); err != nil {
		return err
	}
	options := strings.NewReplacer("DIR", s.dir, "USER", who.Username, "GROUP", group.Name).Replace(nagiosOptions)
	err = os.WriteFile(s.path("nagios.cfg"), []byte(options), 0o644)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	return r.handOver(s.dir, who)
}

// handOver gives a folder with all that is in it to a user, and lets the user reach it.
func (r *run) handOver(dir string, who *user.User) error {
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return err
	}
	if err := os.Chmod(r.dir, 0o711); err != nil {
		return err
	}
	return filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}

// nagiosOptions is nagios4 at its fastest: no bound on checks at once, nothing kept, nothing looked after but checks.
const nagiosOptions = `cfg_file=DIR/objects.cfg
resource_file=DIR/resource.cfg
nagios_user=USER
nagios_group=GROUP
log_file=DIR/nagios.log
log_archive_path=DIR
object_cache_file=DIR/objects.cache
precached_object_file=DIR/objects.precache
status_file=DIR/status.dat
lock_file=DIR/nagios.pid
temp_file=DIR/nagios.tmp
temp_path=DIR
check_result_path=DIR/results
query_socket=DIR/qh
command_file=DIR/nagios.cmd
interval_length=1
max_concurrent_checks=0
service_inter_check_delay_method=s
service_interleave_factor=s
max_service_check_spread=1
check_result_reaper_frequency=1
status_update_interval=10
use_large_installation_tweaks=1
enable_environment_macros=0
execute_host_checks=0
execute_service_checks=1
check_external_commands=0
enable_notifications=0
enable_event_handlers=0
enable_flap_detection=0
process_performance_data=0
retain_state_information=0
check_for_updates=0
check_service_freshness=0
check_host_freshness=0
check_for_orphaned_services=0
check_for_orphaned_hosts=0
enable_predictive_host_dependency_checks=0
enable_predictive_service_dependency_checks=0
service_check_timeout=60
use_syslog=0
log_notifications=0
log_service_retries=0
log_host_retries=0
log_event_handlers=0
log_initial_states=0
log_current_states=0
log_external_commands=0
log_passive_checks=0
log_rotation_method=n
event_broker_options=0
daemon_dumps_core=0
`

// nagiosChecks asks the query handler how many jobs the workers have finished and have at hand.
func nagiosChecks(ctx context.Context, socket string) (checks, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return checks{}, fmt.Errorf("%w: query handler: %w", errNotYet, err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return checks{}, err
	}
	// A # in front asks for one answer, and NUL ends a question.
	if _, err := c.Write([]byte("#wproc wpstats\x00")); err != nil {
		return checks{}, fmt.Errorf("query handler: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(c, 1<<20))
	if err != nil {
		return checks{}, fmt.Errorf("query handler: %w", err)
	}
	return parseWorkers(string(b))
}

// parseWorkers adds up the jobs of all workers.
func parseWorkers(text string) (checks, error) {
	var all checks
	workers := 0
	for line := range strings.Lines(text) {
		started, running := int64(-1), int64(0)
		for pair := range strings.SplitSeq(strings.TrimSpace(line), ";") {
			key, value, _ := strings.Cut(pair, "=")
			n, _ := strconv.ParseInt(value, 10, 64)
			switch key {
			case "jobs_started":
				started = n
			case "jobs_running":
				running = n
			}
		}
		if started >= 0 {
			workers++
			all.done += started - running
			all.inFlight += running
		}
	}
	if workers == 0 {
		return checks{}, fmt.Errorf("%w: the query handler names no workers", errNotYet)
	}
	return all, nil
}
