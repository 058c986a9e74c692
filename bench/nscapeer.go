package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// nscaNagios has nagios4 with Debian's nsca take what the senders send. nsca hands results on through the command file.
// nagios4 logs each result that it applies: it says in no other way how many there were.
func (r *run) nscaNagios(ctx context.Context, mode string) error {
	program, err := nagiosProgram()
	if err != nil {
		return err
	}
	s := &site{dir: r.dir + "/nagios4" + mode, interval: r.o.Interval}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return err
	}
	if err := r.nscaNagiosSite(s); err != nil {
		return err
	}
	r.say("starting nagios4")
	c, err := start(ctx, nil, program, s.path("nagios.cfg"))
	if err != nil {
		return err
	}
	defer c.stop()
	err = c.waitFor(ctx, "nagios4's command file", readyWait, func() error {
		if _, err := os.Stat(s.path("nagios.cmd")); err != nil {
			return fmt.Errorf("%w: %w", errNotYet, err)
		}
		_, err := nagiosChecks(ctx, s.path("qh"))
		return err
	})
	if err != nil {
		return err
	}
	ports, pids, err := r.startNSCA(ctx, c, s, mode)
	defer func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}()
	if err != nil {
		return err
	}
	applied := &counted{path: s.path("nagios.log"), what: []byte("PASSIVE SERVICE CHECK: ")}
	return r.send(ctx, &server{
		name: "nagios4 + nsca " + mode, pids: append([]int{c.pid}, pids...), port: portOf(ports), onePerShort: true, mute: true,
		counted: func(context.Context) (int64, int64, error) {
			n, err := applied.look()
			return 0, n, err
		},
	})
}

// nscaNagiosSite writes the configuration of nagios4, set up for speed but for the log of results.
func (r *run) nscaNagiosSite(s *site) error {
	if err := r.nscaConfig(s, "onbu.cfg", nil, nil); err != nil {
		return err
	}
	if err := os.WriteFile(s.path("resource.cfg"), nil, 0o644); err != nil {
		return err
	}
	if err := r.nagiosSite(s); err != nil {
		return err
	}
	options, err := os.ReadFile(s.path("nagios.cfg"))
	if err != nil {
		return err
	}
	text := strings.NewReplacer("check_external_commands=0", "check_external_commands=1", "log_passive_checks=0", "log_passive_checks=1").Replace(string(options))
	return os.WriteFile(s.path("nagios.cfg"), []byte(text), 0o644)
}

// startNSCA starts an nsca for each method. They leave this process' family, so that their ids are all that ends them.
func (r *run) startNSCA(ctx context.Context, nagios *child, s *site, mode string) (ports, pids []int, err error) {
	program, err := peerProgram("nsca", "nsca")
	if err != nil {
		return nil, nil, err
	}
	if ports, err = freePorts(len(nscaMethods())); err != nil {
		return nil, nil, err
	}
	for i, m := range nscaMethods() {
		cfg := s.path(fmt.Sprintf("nsca-%d.cfg", m))
		if err := os.WriteFile(cfg, []byte(nscaOptions(s, m, ports[i])), 0o644); err != nil {
			return nil, pids, err
		}
		c, err := start(ctx, nil, program, "-c", cfg, mode)
		if err != nil {
			return nil, pids, err
		}
		<-c.ended // it goes on in the background
		err = nagios.waitFor(ctx, "nsca", readyWait, func() error {
			text, err := os.ReadFile(s.path(fmt.Sprintf("nsca-%d.pid", m)))
			if errors.Is(err, os.ErrNotExist) || len(text) == 0 {
				return fmt.Errorf("%w: nsca wrote no id; it printed %s", errNotYet, c.lines.last())
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err == nil {
				pids = append(pids, pid)
			}
			return err
		})
		if err != nil {
			return nil, pids, err
		}
	}
	return ports, pids, nagios.waitFor(ctx, "nsca", readyWait, func() error { return listens(ports) })
}

// nscaOptions is nsca.cfg, set up for speed.
func nscaOptions(s *site, m packet.Method, port int) string {
	who := ""
	if _, err := user.Lookup("nagios"); err == nil && os.Geteuid() == 0 {
		who = "nsca_user=nagios\nnsca_group=nagios\n"
	}
	return fmt.Sprintf("server_address=127.0.0.1\nserver_port=%d\n%scommand_file=%s\nalternate_dump_file=%s\naggregate_writes=1\nmax_packet_age=30\n"+
		"password=%s\ndecryption_method=%d\npid_file=%s\ndebug=0\n",
		port, who, s.path("nagios.cmd"), s.path("dump"), nscaPassword, m, s.path(fmt.Sprintf("nsca-%d.pid", m)))
}

// counted counts how often something stands in a file that grows.
type counted struct {
	path string
	what []byte
	at   int64
	n    int64
}

// look counts what came since.
func (c *counted) look() (int64, error) {
	f, err := os.Open(c.path)
	if err != nil {
		return c.n, err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for {
		n, _ := f.ReadAt(buf, c.at)
		end := bytes.LastIndexByte(buf[:n], '\n') + 1
		if end == 0 {
			return c.n, nil
		}
		c.n += int64(bytes.Count(buf[:end], c.what))
		c.at += int64(end)
	}
}
