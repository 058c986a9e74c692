package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/modules/check/agent/definition"
	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

const discoverExamples = `
Without options of onbu-agent, the running engine is asked for what it got last of the host: the output of its agent, and what
the agents of others said of it.

examples:
  onbu discover web1                                        what a host that is watched already offers
  onbu discover web1 -- -H 192.0.2.7                        what an agent offers
  onbu discover web1 --write web1.cfg -- -H 192.0.2.7 --tls add what is new to a file
  onbu discover web1 -- --file /tmp/output                  what stands in a file
`

// wish is what a person wants to be discovered, and how.
type wish struct {
	*env
	definition.Host
	console.Client
	write     string
	noCommand bool
	options   []string // of onbu-agent; nil to ask the engine
}

// found is what a host offers.
type found struct {
	sections *section.Set
	at       time.Time
	// options are those that the host's command begins with; defined says that the engine's configuration has the command.
	options []string
	defined bool
}

// discover is onbu discover.
func discover(ctx context.Context, e *env) error {
	e.examples = discoverExamples
	w := &wish{env: e}
	e.flags.StringVar(&w.Template, "template", "generic-service", "the template that the services use; empty for none")
	e.flags.StringVar(&w.Host.Command, "command", "check_onbu_agent", "the command that the services use")
	e.flags.BoolVar(&w.noCommand, "no-command", false, "do not define the command")
	e.flags.StringVar(&w.write, "write", "", "a file to add to what is new in; nothing in it is changed or removed")
	e.flags.StringVar(&w.Addr, "http", defaultHTTP, "address of a broker's API")
	if i := slices.Index(e.args, "--"); i >= 0 {
		e.args, w.options = e.args[:i], append([]string{}, e.args[i+1:]...)
	}
	words, err := e.parse(1, "the name of one host")
	if err != nil {
		return err
	}
	w.Name = words[0]
	if strings.ContainsAny(w.Name+w.Template+w.Host.Command, "!;{}\n\r\t") {
		return usageError("names of objects have no ! ; { } and no line ends in them")
	}
	var f *found
	if w.options != nil {
		f, err = w.ask(ctx)
	} else {
		f, err = w.recall(ctx)
	}
	if err != nil {
		return err
	}
	return w.tell(f)
}

// ask fetches the agent's output.
func (w *wish) ask(ctx context.Context) (*found, error) {
	m := builtin.Agent()
	defer m.Close()
	said, err := m.Ask(ctx, w.Name, w.options)
	if err != nil {
		return nil, err
	}
	if n := len(said.Others); n > 0 {
		fmt.Fprintf(w.stderr, "its output holds payloads for %d other hosts, such as %s\n", n, console.Printable(said.Others[0]))
	}
	if _, address, _, ok := definition.Address(w.options); ok {
		fmt.Fprintf(w.stderr, "-H becomes $HOSTADDRESS$: the address of %s must be %s\n", w.Name, address)
	}
	return &found{sections: &said.Sections, at: said.At, options: w.options}, nil
}

// recall asks the engine for what it got last.
func (w *wish) recall(ctx context.Context) (*found, error) {
	f := &found{sections: &section.Set{}, at: time.Now(), options: []string{"-H", "$HOSTADDRESS$"}}
	own, err := w.AgentOutput(ctx, w.Name)
	err = f.read(own, err)
	if err != nil && !unknown(err) {
		return nil, err
	}
	if err != nil {
		f.options = []string{"--piggyback-only"}
	}
	payloads, other := w.PayloadData(ctx, w.Name, "")
	if other = f.read(payloads, other); other != nil && (err != nil || !unknown(other)) {
		return nil, cmp.Or(err, other)
	}
	return f, w.line(ctx, f)
}

// read adds the sections of an answer.
func (f *found) read(body io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, mostCat))
	section.Parse(data, f.sections, section.Options{Now: f.at})
	return err
}

// line finds a check of the host that is made by onbu-agent: new ones fetch as it does, and use its command if that is made for
// them.
func (w *wish) line(ctx context.Context, f *found) error {
	checks, err := w.Objects(ctx, "services", map[string][]string{"host": {w.Name}})
	if err != nil {
		return err
	}
	const most = 20 // so many are asked about
	asked := 0
	for _, c := range checks {
		if c.Module != "agent" || asked == most {
			continue
		}
		asked++
		x, err := w.Explain(ctx, w.Name, c.Service)
		if err != nil {
			return err
		}
		words, err := cmdline.Words(x.Line)
		if err != nil || len(words) == 0 || filepath.Base(words[0]) != definition.Program {
			continue
		}
		if asked == 1 {
			f.options = source(words[1:])
		}
		if name, argument, ok := strings.Cut(x.Command, "!"); ok && strings.HasPrefix(argument, "-s ") {
			w.Host.Command, f.defined = name, true
			return nil
		}
	}
	return nil
}

// source leaves out of the options of onbu-agent those that say what is judged, and how.
func source(options []string) []string {
	var kept []string
	for i := 0; i < len(options); i++ {
		switch options[i] {
		case "-s", "-i", "-w", "-c", "-o":
			i++
		default:
			kept = append(kept, options[i])
		}
	}
	return kept
}

// tell prints or writes the definitions.
func (w *wish) tell(f *found) error {
	offers := service.Discover(f.sections, f.at)
	w.Own = !slices.Contains(f.options, "--piggyback-only")
	if w.Own { // the agent's own service says all that this one does
		offers = slices.DeleteFunc(offers, func(o service.Offer) bool { return o.Kind == "check_mk" })
	}
	if names := service.Unknown(f.sections); len(names) > 0 {
		fmt.Fprintf(w.stderr, "%d sections that no kind of service reads: %s\n", len(names), strings.Join(names, " "))
	}
	old, err := w.old()
	if err != nil {
		return err
	}
	there, commands := definition.Read(string(old))
	text, added := w.Services(offers, there)
	if !w.noCommand && !f.defined && !slices.Contains(commands, w.Host.Command) {
		text = "\n" + definition.Command(w.Host.Command, f.options) + text
	}
	gone := w.Gone(offers, there)
	if w.write == "" {
		fmt.Fprint(w.stdout, strings.TrimPrefix(text, "\n"))
		fmt.Fprintf(w.stderr, "%s offers %d services\n", w.Name, added)
		return nil
	}
	for _, s := range gone {
		fmt.Fprintf(w.stderr, "%s:%d: %s is not offered any more; it stays until you remove it\n", w.write, s.Line, console.Printable(s.Description))
	}
	if added > 0 {
		if err := add(w.write, old, text); err != nil {
			return err
		}
	}
	fmt.Fprintf(w.stdout, "%s: %d services are new, %d were there, %d are not offered any more\n", w.write, added, w.kept(there)-len(gone), len(gone))
	return nil
}

// kept counts the host's services of its agent in a file.
func (w *wish) kept(there []definition.Service) (n int) {
	for _, s := range there {
		if s.Host == w.Name && s.Command == w.Host.Command {
			n++
		}
	}
	return n
}

// old reads the file that is to be added to; nothing if there is none.
func (w *wish) old() ([]byte, error) {
	if w.write == "" {
		return nil, nil
	}
	old, err := os.ReadFile(w.write)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return old, err
}

// add puts text behind what is in a file. Who reads it meanwhile gets the old file or the new one, never a part.
func add(path string, old []byte, text string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if n := len(old); n == 0 {
		text = strings.TrimPrefix(text, "\n")
	} else if old[n-1] != '\n' {
		text = "\n" + text
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".onbu-discover-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(append(slices.Clone(old), text...))
	err = cmp.Or(err, temp.Chmod(mode), temp.Sync(), temp.Close())
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(temp.Name(), path)
}
