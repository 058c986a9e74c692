package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/bench/target"
)

const (
	// guestServices is how many services a host has that is only known by payloads, besides its own check.
	guestServices = 2
	usualPayload  = 4096
	mostPayload   = 1 << 20
	sourceHost    = "source"
)

// piggyback is the scenario of one agent that speaks for thousands of hosts, over two schedulers.
func piggyback() scenario {
	return scenario{
		name: "piggyback", about: "an agent with payloads for 10,000 hosts, which two schedulers look after; late is from the end of the fetch",
		services: 10_000 * guestServices, interval: time.Minute, window: 3 * time.Minute, fixed: true, noPlugin: true,
		sized: func(o *Options) []load {
			return []load{{name: "guests", parts: 1, module: "agent", target: target.AgentWith(guestsOf(o), o.Payload)}}
		},
		apart: (*run).piggyback,
	}
}

// guestsOf is how many hosts the payloads are for.
func guestsOf(o *Options) int { return max(1, o.Services/guestServices) }

// Piggyback is what became of the payloads of a source, from the end of each fetch on.
type Piggyback struct {
	Hosts   int `json:"hosts"`
	Payload int `json:"payload_bytes"`
	// Rounds has each fetch that was looked at.
	Rounds []PiggybackRound `json:"rounds"`
	// PerS is how many payloads a second were evaluated between the end of a fetch and the last of them, in the usual round; CPU what
	// one costs in µs, all processes together, with its evaluations.
	PerS float64 `json:"payloads_per_s"`
	CPU  float64 `json:"cpu_us_per_payload"`
	// BusBytes is what the bus was given for a fetch, DiskBytes how much room its payloads take in its store.
	BusBytes  int64 `json:"bus_bytes_per_fetch"`
	DiskBytes int64 `json:"disk_bytes"`
	// Bus is what the bus took before anything else ran; Processes what each took under the load.
	Bus       int64           `json:"bus_alone_bytes"`
	Processes []ProcessMemory `json:"processes"`
	// Whole is the most that all processes had in memory at one moment.
	Whole int64 `json:"whole_rss_bytes"`
}

// PiggybackRound is one fetch: the seconds from its end to when states were made of it.
type PiggybackRound struct {
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
	Max     float64 `json:"max"`
	Missing int     `json:"missing"` // services that were not evaluated with it
}

// ProcessMemory is what a process had in memory between two fetches, and at most.
type ProcessMemory struct {
	Name string `json:"name"`
	Idle int64  `json:"idle_bytes"`
	Peak int64  `json:"peak_bytes"`
}

// guests is a run of the scenario.
type guests struct {
	*run
	site    *site
	url     string // of the bus
	parties []*party
	out     *Piggyback
	// seen is the number of the last output that was looked at.
	seen  int64
	whole int64
}

// piggyback measures.
func (r *run) piggyback(ctx context.Context) (f *Figures, err error) {
	g := &guests{run: r, out: &Piggyback{Hosts: guestsOf(&r.o), Payload: r.o.Payload}}
	if err := g.write(); err != nil {
		return nil, err
	}
	defer g.stop()
	if err := g.start(ctx); err != nil {
		return nil, err
	}
	if err := g.first(ctx); err != nil {
		return nil, err
	}
	return g.measure(ctx)
}

// write writes the configuration: the source, and the hosts that its output has payloads for.
func (g *guests) write() error {
	g.site = &site{dir: g.dir, interval: g.o.Interval, ports: g.ports}
	g.say("writing the configuration of %s hosts", thousands(g.out.Hosts))
	port := g.ports[target.AgentWith(g.out.Hosts, g.out.Payload)]
	_, err := objectstest.Write(g.dir, "onbu.cfg", []string{"interval_length=1", "check_external_commands=0"}, func(o *objectstest.Text) {
		g.site.templates(o)
		o.Command("agent", fmt.Sprintf("onbu-agent -H $HOSTADDRESS$ -p %d --cache %d $ARG1$", port, int(g.o.Interval.Seconds())/2))
		o.Command("payloads", "onbu-agent --piggyback-only $ARG1$")
		at := sourceAddress()
		o.Define("host", "use every", "host_name "+sourceHost, "address "+at.String())
		o.Define("service", "use each", "host_name "+sourceHost, "service_description Agent", "check_command agent")
		o.Define("service", "use each", "host_name "+sourceHost, "service_description Output", "check_command agent!-s local -i "+target.AgentOutput)
		for i := range g.out.Hosts {
			name := target.Guest(at, i)
			o.Define("host", "use every", "host_name "+name, "active_checks_enabled 1", "check_interval "+strconv.Itoa(int(g.o.Interval.Seconds())), "check_command payloads")
			o.Define("service", "use each", "host_name "+name, "service_description Guest", "check_command payloads!-s local -i "+target.GuestCheck)
			o.Define("service", "use each", "host_name "+name, "service_description Payloads", "check_command payloads")
		}
	})
	return err
}

func sourceAddress() netip.Addr { return address(1) }

// first waits for the first output that all hosts were evaluated with, so that what is measured is the usual.
func (g *guests) first(ctx context.Context) error {
	for try := 0; ; try++ {
		round, err := g.round(ctx)
		switch {
		case err != nil:
			return err
		case round.Missing == 0:
			return nil
		case try == 3:
			return fmt.Errorf("after %d outputs, %d of %d services are not evaluated with the newest", try+1, round.Missing, g.out.Hosts)
		}
	}
}

// measure looks at one output after the other.
func (g *guests) measure(ctx context.Context) (*Figures, error) {
	before, err := g.look(ctx)
	if err != nil {
		return nil, err
	}
	f := &Figures{Name: "onbu"}
	for end := time.Now().Add(g.o.Window); time.Now().Before(end) || len(g.out.Rounds) == 0; {
		round, err := g.round(ctx)
		if err != nil {
			if ctx.Err() != nil && len(g.out.Rounds) > 0 {
				g.stopped = true
				break
			}
			return nil, err
		}
		g.out.Rounds = append(g.out.Rounds, round)
		f.Errors = max(f.Errors, round.Missing)
	}
	after, err := g.look(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	g.figures(f, before, after)
	return f, nil
}

// round waits for the next output and gives what became of it.
func (g *guests) round(ctx context.Context) (PiggybackRound, error) {
	number, ended, err := g.nextOutput(ctx)
	if err != nil {
		return PiggybackRound{}, err
	}
	g.seen = number
	if err := g.quiet(ctx); err != nil {
		return PiggybackRound{}, err
	}
	took, missing, err := g.took(ctx, number, ended)
	if err != nil {
		return PiggybackRound{}, err
	}
	round := PiggybackRound{Missing: missing}
	if n := len(took); n > 0 {
		round.P50, round.P99, round.Max = took[n/2], took[min(n-1, n*99/100)], took[n-1]
	}
	g.say("output %d: evaluated within %.2f s (p50 %.2f, p99 %.2f), %d missing", number, round.Max, round.P50, round.P99, round.Missing)
	return round, nil
}

// outputText is what the last local check of an output says.
var outputText = regexp.MustCompile(`output (\d+) at (\d+\.\d+)`)

// nextOutput waits until the source was evaluated with an output that is new, and says when that had been written.
func (g *guests) nextOutput(ctx context.Context) (number int64, ended float64, err error) {
	err = g.broker().waitFor(ctx, "an output of the source", 2*g.o.Interval+readyWait, func() error {
		services, err := g.services(ctx, sourceHost)
		if err != nil {
			return fmt.Errorf("%w: %w", errNotYet, err)
		}
		for _, s := range services {
			if m := outputText.FindStringSubmatch(s.Output); s.Service == "Output" && m != nil {
				number, _ = strconv.ParseInt(m[1], 10, 64)
				ended, _ = strconv.ParseFloat(m[2], 64)
			}
		}
		if number <= g.seen {
			g.sample()
			return fmt.Errorf("%w: the source has said nothing new", errNotYet)
		}
		return nil
	})
	return number, ended, err
}

// quiet waits until the engine makes no checks by agent output for a moment.
func (g *guests) quiet(ctx context.Context) error {
	last, since := int64(-1), time.Now()
	for time.Since(since) < time.Second {
		done, err := g.checksDone(ctx)
		if err != nil {
			return err
		}
		if done-last > int64(1+g.out.Hosts/1000) {
			last, since = done, time.Now()
		}
		g.sample()
		if !pause(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
	}
	return nil
}

// guestText is what the local check of a payload says.
var guestText = regexp.MustCompile(`output (\d+)`)

// apiService is what is needed of a service in the API.
type apiService struct {
	Host      string  `json:"host"`
	Service   string  `json:"service"`
	Output    string  `json:"output"`
	LastCheck float64 `json:"last_check"`
	Execution float64 `json:"execution_time"`
}

// took gives how long after its end states were made of an output, in seconds, sorted, and how many were not.
func (g *guests) took(ctx context.Context, number int64, ended float64) (took []float64, missing int, err error) {
	services, err := g.services(ctx, "")
	for _, s := range services {
		if s.Service != "Guest" {
			continue
		}
		var with int64
		if m := guestText.FindStringSubmatch(s.Output); m != nil {
			with, _ = strconv.ParseInt(m[1], 10, 64)
		}
		if with < number {
			missing++
			continue
		}
		took = append(took, s.LastCheck+s.Execution-ended)
	}
	slices.Sort(took)
	return took, missing, err
}

// services asks the API.
func (g *guests) services(ctx context.Context, host string) ([]apiService, error) {
	path := "/api/services"
	if host != "" {
		path += "?host=" + host
	}
	body, err := g.broker().get(ctx, path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var out []apiService
	return out, json.NewDecoder(io.LimitReader(body, 1<<30)).Decode(&out)
}

// figures puts what was measured into the terms of a report.
func (g *guests) figures(f *Figures, before, after standing) {
	took := after.at.Sub(before.at)
	payloads := max(after.payloads-before.payloads, 1)
	fetches := float64(payloads) / float64(g.out.Hosts)
	cpu := after.cpu.sub(before.cpu)
	g.out.CPU = float64(cpu.total().Microseconds()) / float64(payloads)
	g.out.BusBytes = int64(float64(after.stored-before.stored) / fetches)
	g.out.DiskBytes = folderSize(g.busStore())
	var p50, p99, most []float64
	for _, r := range g.out.Rounds {
		p50, p99, most = append(p50, r.P50), append(p99, r.P99), append(most, r.Max)
	}
	slices.Sort(p50)
	slices.Sort(most)
	g.out.PerS = float64(g.out.Hosts) / max(most[len(most)/2], 0.001)
	f.Lateness = Lateness{P50: p50[len(p50)/2] * 1000, P99: slices.Max(p99) * 1000, Max: slices.Max(most) * 1000}
	checks := after.checks - before.checks
	f.took, f.OfferedPerS, f.CompletedPerS = took, float64(g.out.Hosts*(guestServices+1)+2)/g.o.Interval.Seconds(), float64(checks)/took.Seconds()
	f.CPU = CPU{Engine: float64(cpu.own.Microseconds()) / float64(max(checks, 1)), Total: float64(cpu.total().Microseconds()) / float64(max(checks, 1))}
	f.Cores, f.TargetCores = cpu.total().Seconds()/took.Seconds(), after.target.sub(before.target).total().Seconds()/took.Seconds()
	f.OtherCores = max(0, (after.machine-before.machine).Seconds()/took.Seconds()-f.Cores-f.TargetCores)
	f.RSS, f.PeakRSS = after.rss, g.whole
	f.BytesPerService = f.RSS / int64(max(g.o.Services, 1))
	for _, p := range g.parties {
		p.memory.Peak = max(p.memory.Peak, p.peak())
		g.out.Processes = append(g.out.Processes, p.memory)
	}
	g.out.Whole = g.whole
	f.piggyback = g.out
	f.notes = g.out.sentences()
}

// sentences are for people.
func (p *Piggyback) sentences() []string {
	var most, p99 float64
	missing := 0
	for _, r := range p.Rounds {
		most, p99, missing = max(most, r.Max), max(p99, r.P99), max(missing, r.Missing)
	}
	out := []string{
		fmt.Sprintf("%d fetches with payloads of %s bytes for %s hosts each: the last was evaluated %.2f s after the end of its fetch, 99 of 100 within %.2f s; %d missing.",
			len(p.Rounds), thousands(p.Payload), thousands(p.Hosts), most, p99, missing),
		fmt.Sprintf("%s payloads a second; one costs %.0f µs of CPU in all processes, with its evaluations. A fetch gives the bus %.1f MB; its store has %.1f MB on disk.",
			thousands(int(p.PerS)), p.CPU, float64(p.BusBytes)/1e6, float64(p.DiskBytes)/1e6),
	}
	out = append(out, fmt.Sprintf("memory of the bus before anything else ran: %.0f MB", float64(p.Bus)/1e6))
	for _, m := range p.Processes {
		out = append(out, fmt.Sprintf("memory of %s: %.0f MB between fetches, %.0f MB at the peak", m.Name, float64(m.Idle)/1e6, float64(m.Peak)/1e6))
	}
	return append(out, fmt.Sprintf("memory of the whole: %.0f MB at the peak", float64(p.Whole)/1e6))
}

// folderSize is how many bytes the files below a folder take on disk.
func folderSize(dir string) int64 {
	var sum int64
	entries, _ := os.ReadDir(dir) // none when it is not there
	for _, e := range entries {
		path := dir + "/" + e.Name()
		if e.IsDir() {
			sum += folderSize(path)
		} else if info, err := e.Info(); err == nil {
			sum += info.Size()
		}
	}
	return sum
}
