package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// nscaResults is how many results each sender has, unless the options say otherwise.
const nscaResults = 200_000

// nsca is the scenario of passive results by NSCA. So many services get results; the number of results is that of the options.
func nsca() scenario {
	return scenario{
		name: "nsca", about: "passive results by NSCA: over one connection, a few, 2,000, and one connection for each", services: 10_000,
		interval: time.Minute, fixed: true, noPlugin: true, ownPeer: peerNagios, apart: (*run).nsca,
	}
}

// NSCASender is what became of what one sender sent.
type NSCASender struct {
	Engine string `json:"engine"`
	About  string `json:"about"`
	// Sent are results that the sender handed over; Accepted those that the engine's NSCA server took, Applied those that
	// made a state.
	Sent     int64 `json:"sent"`
	Accepted int64 `json:"accepted"`
	Applied  int64 `json:"applied"`
	// Sending is how long the sender took, until the server had everything; Applying how long until the last was applied.
	Sending  float64 `json:"sending_s"`
	Applying float64 `json:"applying_s"`
	// CPU is in µs for each result, of the engine and its NSCA server; RSS what they have in memory at the end.
	CPU float64 `json:"cpu_us_per_result"`
	RSS int64   `json:"rss_bytes"`
}

// shape is a way of sending.
type shape struct {
	about string
	load  target.NSCALoad
	// most bounds the results, as a server may be slow at it; 0 for no bound.
	most int
}

func shapes(results int) []shape {
	const few = 8
	return []shape{
		{"1 connection", target.NSCALoad{Method: packet.XOR, Size: packet.Long, Results: results, Connections: 1}, 0},
		{"8 connections", target.NSCALoad{Method: packet.XOR, Size: packet.Long, Results: results, Connections: few}, 0},
		{"8 connections, 720 bytes", target.NSCALoad{Method: packet.XOR, Size: packet.Short, Results: results, Connections: few}, 0},
		{"8 connections, rijndael-128", target.NSCALoad{Method: 14, Size: packet.Long, Results: results, Connections: few}, 50_000},
		{"2,000 connections", target.NSCALoad{Method: packet.XOR, Size: packet.Long, Results: results, Connections: 2000}, 0},
		oneEach(results),
		{"the same from one address", target.NSCALoad{Method: packet.XOR, Size: packet.Long, Results: results, Connections: 64, Each: 1}, 60_000},
	}
}

// oneEach sends as hosts do that each call send_nsca for one result, from a thousand addresses.
func oneEach(results int) shape {
	return shape{"one result a connection", target.NSCALoad{Method: packet.XOR, Size: packet.Long, Results: results, Connections: 64, Each: 1, Sources: 1000}, 0}
}

const nscaPassword = "benchmark"

// nscaMethods are the methods of the shapes, each with a port of its own.
func nscaMethods() []packet.Method { return []packet.Method{packet.XOR, 14} }

func (r *run) nsca(ctx context.Context) (*Figures, error) {
	if err := r.nscaOnbu(ctx); err != nil {
		return nil, err
	}
	if err := r.nscaFloor(ctx); err != nil {
		return nil, err
	}
	if r.o.Peer == peerNagios {
		for _, mode := range []string{"--single", "--daemon"} {
			if err := r.nscaNagios(ctx, mode); err != nil {
				return nil, fmt.Errorf("nagios4 with nsca %s: %w", mode, err)
			}
		}
	}
	first := r.senders[0]
	f := &Figures{Name: first.Engine, RSS: first.RSS, PeakRSS: first.RSS, took: time.Duration(first.Applying * float64(time.Second)), notes: r.notes}
	f.CompletedPerS = float64(first.Applied) / max(first.Applying, 1e-3)
	f.CPU.Engine, f.CPU.Total = first.CPU, first.CPU
	for _, s := range r.senders {
		if s.Engine == first.Engine {
			f.Errors += int(max(s.Sent-s.Applied, s.Applied-s.Sent))
		}
	}
	return f, nil
}

// nscaOnbu has Onbu take what all senders send.
func (r *run) nscaOnbu(ctx context.Context) error {
	s := &site{dir: r.dir + "/onbu", interval: r.o.Interval}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return err
	}
	ports, err := freePorts(len(nscaMethods()))
	if err != nil {
		return err
	}
	if err := r.nscaConfig(s, "onbu.cfg", []string{"interval_length=1", "check_external_commands=0"}, ports); err != nil {
		return err
	}
	r.say("starting onbu")
	c, err := start(ctx, onbuListens, r.o.Program, "run", s.path("onbu.cfg"), "--state", s.path("state"), "--http", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("onbu run: %w", err)
	}
	defer c.stop()
	e := &engine{child: c, client: http.Client{Timeout: 10 * time.Second}}
	if e.url, err = c.said(ctx); err != nil {
		return fmt.Errorf("onbu run: %w", err)
	}
	err = c.waitFor(ctx, "the states of all services", readyWait, func() error {
		t, err := e.tally(ctx)
		if n := t["PENDING"]; err != nil || n < r.o.Services {
			return fmt.Errorf("%w: %d of %d services are there: %w", errNotYet, n, r.o.Services, err)
		}
		return listens(ports)
	})
	if err != nil {
		return err
	}
	engine := &server{
		name: "onbu", pids: []int{c.pid}, port: portOf(ports),
		counted: func(ctx context.Context) (int64, int64, error) {
			m, err := e.metrics(ctx)
			var accepted float64
			for name, v := range m.values {
				if strings.HasPrefix(name, "onbu_nsca_results_total") {
					accepted += v
				}
			}
			return int64(accepted), m.checks[passive], err
		},
	}
	if err := r.send(ctx, engine); err != nil {
		return err
	}
	return r.sendBesideIdle(ctx, engine)
}

// nscaConfig writes the services, and where it is Onbu's configuration the modules.
func (r *run) nscaConfig(s *site, main string, options []string, ports []int) error {
	r.say("writing the configuration of %s services", thousands(r.o.Services))
	_, err := objectstest.Write(s.dir, main, options, func(o *objectstest.Text) {
		s.templates(o)
		o.Command("none", "/bin/true")
		for i := range r.o.Services {
			if i%servicesOfHost == 0 {
				o.Define("host", "use every", fmt.Sprintf("host_name nsca-%d", i/servicesOfHost+1), "address "+address(i/servicesOfHost).String())
			}
			o.Define("service", "use each", fmt.Sprintf("host_name nsca-%d", i/servicesOfHost+1), fmt.Sprintf("service_description s%d", i%servicesOfHost),
				"active_checks_enabled 0", "check_command none")
		}
		for i, port := range ports {
			m := nscaMethods()[i]
			o.Define("module", fmt.Sprintf("module_name nsca-%d", m), "module_type nsca_server", fmt.Sprintf("port %d", port),
				fmt.Sprintf("encryption_method %d", m), "password "+nscaPassword,
				"timeout 3600", "max_connections 16384") // one counts until its results are stored
		}
	})
	return err
}

// freePorts gives ports that were free a moment ago.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func portOf(ports []int) func(packet.Method) int {
	return func(m packet.Method) int {
		for i, known := range nscaMethods() {
			if m == known {
				return ports[i]
			}
		}
		return 0
	}
}

// listens says whether all ports take connections.
func listens(ports []int) error {
	for _, port := range ports {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err != nil {
			return fmt.Errorf("%w: %w", errNotYet, err)
		}
		c.Close()
	}
	return nil
}
