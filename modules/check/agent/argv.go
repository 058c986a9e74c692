package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/nearest"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// way is how an agent's output is fetched.
type way uint8

// The ways.
const (
	byTCP way = iota
	byTLS
	byProgram
	byFile
	bySSH
	byPayload // there is no own output
)

// origin is where a host's output comes from. Services with the same one share its rounds.
type origin struct {
	way     way
	host    string // as the line has it
	port    int
	family  probe.Family
	key     string // of the legacy encryption; keyFile is where it stands
	keyFile string
	state   string // the folder with the certificates of TLS
	program string // the command line, of SSH too, or the path of the file
	most    int    // bytes of the host's own output
	alone   bool   // payloads of others are not looked at
}

// command is a parsed command line.
type command struct {
	origin
	target  probe.Target
	argv    []string // of a program
	distant Remote   // of SSH
	address string   // under which payloads may be filed besides the host's name
	timeout time.Duration
	fresh   time.Duration // for how long an output serves all that ask for it
	cached  bool          // it serves those that had it already too: the line says for how long

	kind       *service.Kind // nil for the agent's own service
	item       string
	warn, crit string
	options    map[string]string
	levels     service.Levels // of the own service: seconds that the fetch takes
}

// Letters for options that have none.
const (
	optTLS = probe.LongOnly + iota
	optKey
	optKeyFile
	optState
	optProgram
	optFile
	optSSH
	optPayloads
	optAlone
	optMost
	optCache
)

func syntax() *probe.Syntax {
	return &probe.Syntax{Options: []probe.Option{
		{ID: 'H', Long: "host", Argument: probe.Value},
		{ID: 'p', Long: "port", Argument: probe.Value},
		{ID: 't', Long: "timeout", Argument: probe.Value},
		{ID: '4', Long: "use-ipv4"},
		{ID: '6', Long: "use-ipv6"},
		{ID: optTLS, Long: "tls"},
		{ID: optState, Long: "tls-state", Argument: probe.Value},
		{ID: optKey, Long: "legacy-key", Argument: probe.Value},
		{ID: optKeyFile, Long: "legacy-key-file", Argument: probe.Value},
		{ID: optProgram, Long: "program", Argument: probe.Value},
		{ID: optFile, Long: "file", Argument: probe.Value},
		{ID: optSSH, Long: "ssh", Argument: probe.Value},
		{ID: optPayloads, Long: "piggyback-only"},
		{ID: optAlone, Long: "no-piggyback"},
		{ID: optMost, Long: "max-size", Argument: probe.Value},
		{ID: optCache, Long: "cache", Argument: probe.Value},
		{ID: 's', Long: "service", Argument: probe.Value},
		{ID: 'i', Long: "item", Argument: probe.Value},
		{ID: 'w', Long: "warning", Argument: probe.Value},
		{ID: 'c', Long: "critical", Argument: probe.Value},
		{ID: 'o', Long: "option", Argument: probe.Value},
	}}
}

// Sizes of an agent's own output, in bytes.
const (
	usualMost = 16 << 20
	mostMost  = 256 << 20
)

// usual is a command line that says nothing.
func usual() command {
	return command{
		origin: origin{port: 6556, most: usualMost}, timeout: 30 * time.Second, fresh: 10 * time.Second, options: map[string]string{},
	}
}

// reader is a command line being read.
type reader struct {
	command
	module *Module
	ways   []string // options that name one
	named  bool     // there is -i
	about  string   // what -s names
}

// parse reads the words behind the program's name.
func (m *Module) parse(args []string) (*command, error) {
	r := reader{module: m, command: usual()}
	s := syntax()
	rest, err := s.Parse(args, func(id rune, value string) error {
		if err := r.take(id, value); err != nil {
			return s.Naming(id, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(rest) > 0:
		return nil, fmt.Errorf("%q is no option: a value with blanks needs quotes", rest[0])
	}
	if err := cmp.Or(r.fetched(), r.serves()); err != nil {
		return nil, err
	}
	if addr, err := netip.ParseAddr(r.host); err == nil {
		r.address = addr.Unmap().String()
	}
	return &r.command, nil
}

// take reads one option.
func (r *reader) take(id rune, value string) (err error) {
	switch id {
	case 'H':
		r.host = value
	case 'p':
		r.port, err = probe.Int(value, 1, 65535)
	case 't':
		r.timeout, err = probe.Seconds(value)
	case '4':
		r.family = probe.IPv4
	case '6':
		r.family = probe.IPv6
	case optAlone:
		r.alone = true
	case optMost:
		r.most, err = size(value)
	case optCache:
		var n int
		n, err = probe.Int(value, 0, 86400)
		r.fresh, r.cached = time.Duration(n)*time.Second, true
	default:
		return r.takeMore(id, value)
	}
	return err
}

func (r *reader) takeMore(id rune, value string) error {
	switch id {
	case 's':
		r.about = value
	case 'i':
		r.item, r.named = value, true
	case 'w':
		r.warn = value
	case 'c':
		r.crit = value
	case 'o':
		name, text, given := strings.Cut(value, "=")
		if !given || name == "" {
			return fmt.Errorf("%q is not NAME=VALUE", value)
		}
		r.options[name] = text
	case optTLS:
		r.choose(byTLS, "--tls")
	case optState:
		r.state = value
	case optKey:
		r.key = value
	case optKeyFile:
		r.keyFile = value
	case optProgram:
		r.program = value
		r.choose(byProgram, "--program")
	case optFile:
		r.program = value
		r.choose(byFile, "--file")
	case optSSH:
		r.program = value
		r.choose(bySSH, "--ssh")
	case optPayloads:
		r.choose(byPayload, "--piggyback-only")
	}
	return nil
}

func (r *reader) choose(w way, option string) {
	r.way = w
	r.ways = append(r.ways, option)
}

// size reads a number of bytes with a unit: K, M or G.
func size(value string) (int, error) {
	number, unit := value, 1
	for letter, times := range map[string]int{"K": 1 << 10, "M": 1 << 20, "G": 1 << 30} {
		if before, found := strings.CutSuffix(value, letter); found {
			number, unit = before, times
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n <= 0 || n > mostMost/unit {
		return 0, fmt.Errorf("%q is no size of at most %d MiB, as in 64M", value, mostMost>>20)
	}
	return n * unit, nil
}

// fetched checks what the line says of where the output comes from.
func (r *reader) fetched() (err error) {
	connects := r.way == byTCP || r.way == byTLS
	switch {
	case len(r.ways) > 1:
		return fmt.Errorf("%s exclude each other", strings.Join(r.ways, " and "))
	case r.host == "" && connects:
		return errors.New("-H is missing: the address of the agent")
	case r.way == byPayload && r.alone:
		return errors.New("--piggyback-only and --no-piggyback leave nothing to look at")
	case r.key != "" && r.keyFile != "":
		return errors.New("--legacy-key and --legacy-key-file exclude each other")
	case !connects && (r.key != "" || r.keyFile != ""):
		return errors.New("--legacy-key is for agents that are connected to")
	case !connects && r.state != "":
		return errors.New("--tls-state is for agents that are connected to")
	case r.way == byProgram:
		return r.runs()
	case r.way == bySSH:
		return r.ssh()
	case r.way == byFile && r.program == "":
		return errors.New("option --file: the path is empty")
	}
	if connects {
		r.target, err = probe.NewTarget(r.host, r.port, r.family, r.module.options.Resolver)
	}
	return err
}

// runs checks the command line of a program. No shell reads it: what macros put into it may become words, and no more.
func (r *reader) runs() (err error) {
	if r.module.options.Program == nil {
		return errors.New("option --program: programs cannot be run here")
	}
	r.argv, err = cmdline.Words(r.program)
	switch {
	case errors.Is(err, cmdline.ErrShell):
		return fmt.Errorf("option --program: %w: put it into a script, or write sh -c '…'", err)
	case err != nil:
		return fmt.Errorf("option --program: %w", err)
	case len(r.argv) == 0:
		return errors.New("option --program: the command line is empty")
	}
	return nil
}

// serves checks what the line says of the service.
func (r *reader) serves() (err error) {
	if r.levels, err = service.ParseLevels(r.warn, r.crit); err != nil {
		return err
	}
	takes := ownTakes()
	what := "the agent's own service"
	if r.about != "" {
		if r.kind = r.module.kinds[r.about]; r.kind == nil {
			return fmt.Errorf("-s %s: there is no such kind of service; %s", r.about, r.module.near(r.about))
		}
		takes, what = r.kind.Takes, "-s "+r.about
	} else if r.named {
		return errors.New("-i needs -s: which kind of service is meant")
	}
	for _, name := range slices.Sorted(maps.Keys(r.options)) {
		if _, ok := takes[name]; !ok {
			return fmt.Errorf("-o %s: %s does not know it, it takes %s", name, what, cmp.Or(strings.Join(slices.Sorted(maps.Keys(takes)), ", "), "no options"))
		}
	}
	return nil
}

// near says which kind was meant, if there is one, or names those that look like the word, or all.
func (m *Module) near(word string) string {
	names := slices.Sorted(maps.Keys(m.kinds))
	word = strings.ToLower(word)
	var like []string
	for _, name := range names {
		if len(word) > 1 && (strings.Contains(name, word) || strings.Contains(word, name)) {
			like = append(like, name)
		}
	}
	if meant := nearest.Of(word, slices.Values(names)); meant != "" && like == nil {
		like = []string{meant}
	}
	switch len(like) {
	case 0:
		like = names
	case 1:
		return "did you mean " + like[0] + "?"
	}
	return "there are " + strings.Join(like, ", ")
}

// mistaken is a command line that is wrong. It says so whenever it is run: no plugin could run it.
type mistaken struct{ err error }

// Run implements modules.Probe.
func (m mistaken) Run(context.Context) (monitor.Outcome, error) {
	return probe.Say(monitor.Unknown, "Command line parsing error: `%v' - Please verify your check command", m.err), nil
}

// Verify implements modules.Verifier.
func (m mistaken) Verify() (wrong, doubtful []string) { return []string{m.err.Error()}, nil }
