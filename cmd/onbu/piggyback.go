package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor/api"
)

// part is one of the things that a verb with several of them can do. words is how many follow its name, at least and at most.
type part struct {
	name, args string
	least      int
	most       int
	run        func(ctx context.Context, a *asking, words []string) error
}

// asking is what parts work with: whom to ask and how to answer.
type asking struct {
	*env
	console.Client
	asJSON, where, raw, all bool
}

// piggybackParts is the one list of what onbu piggyback can do.
func piggybackParts() []part {
	return []part{
		{"list", "[HOST]", 0, 1, listPayloads},
		{"orphans", "", 0, 0, listOrphans},
		{"conflicts", "", 0, 0, listConflicts},
		{"dynamic", "", 0, 0, listDynamic},
		{"try", "RULEFILE", 1, 1, tryRules},
		{"cat", "HOST [SOURCE]", 1, 2, catPayload},
	}
}

// agentParts is the one list of what onbu agent can do.
func agentParts() []part { return []part{{"cat", "HOST", 1, 1, catAgent}} }

// askParts gives the verb that does the part which its first word names.
func askParts(parts []part, examples string) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		a := &asking{env: e}
		e.examples = examples
		e.flags.StringVar(&a.Addr, "http", defaultHTTP, "address of a broker's API")
		e.flags.BoolVar(&a.asJSON, "json", false, "print JSON, where there is a table")
		if len(parts) > 1 {
			e.flags.BoolVar(&a.where, "where", false, "orphans: say the sites and sources too")
			e.flags.BoolVar(&a.all, "all", false, "try: show names that stay as they are too")
		}
		e.flags.BoolVar(&a.raw, "raw", false, "cat: leave control characters as they are, though they go to a terminal")
		words, err := e.words()
		if err != nil {
			return err
		}
		if len(words) == 0 {
			return usageError("say what: " + usages(parts))
		}
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == words[0] })
		if i < 0 {
			return usageError(fmt.Sprintf("%q is none of: %s", words[0], usages(parts)))
		}
		if n := len(words) - 1; n < parts[i].least || n > parts[i].most {
			return usageError(fmt.Sprintf("needs %s, got %d arguments", strings.TrimSpace(parts[i].name+" "+parts[i].args), n))
		}
		return parts[i].run(ctx, a, words[1:])
	}
}

func usages(parts []part) string {
	var all []string
	for _, p := range parts {
		all = append(all, strings.TrimSpace(p.name+" "+p.args))
	}
	return strings.Join(all, ", ")
}

func (a *asking) json(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// listPayloads is onbu piggyback list.
func listPayloads(ctx context.Context, a *asking, words []string) error {
	host := strings.Join(words, "")
	p, err := a.Payloads(ctx, "", host)
	if err != nil {
		return err
	}
	s := style(a.stdout)
	switch {
	case a.asJSON:
		return a.json(p)
	case host == "":
		fmt.Fprintln(a.stdout, console.MailLine(p, s))
		p.Payloads = slices.DeleteFunc(p.Payloads, func(one api.Payload) bool { return one.Where == api.Orphan })
		if len(p.Payloads) > 0 {
			console.PayloadTable(a.stdout, p, s)
		}
		return nil
	case len(p.Payloads) == 0:
		return fmt.Errorf("no payload is kept for %s", console.Shown(host))
	}
	services, err := a.Objects(ctx, "services", map[string][]string{"host": {host}})
	if err == nil {
		console.HostPayloads(a.stdout, p, services, s)
	}
	return err
}

// listOrphans is onbu piggyback orphans: names at all sites, one a line, and nothing else. With where or asJSON they are the
// payloads that are kept here.
func listOrphans(ctx context.Context, a *asking, _ []string) error {
	if !a.asJSON && !a.where {
		names, troubles, err := a.OrphansEverywhere(ctx)
		for _, name := range names {
			fmt.Fprintln(a.stdout, console.Shown(name))
		}
		for _, text := range troubles {
			fmt.Fprintln(a.stderr, text)
		}
		return err
	}
	p, err := a.Payloads(ctx, api.Orphan, "")
	switch {
	case err != nil:
		return err
	case a.asJSON:
		return a.json(p)
	case len(p.Payloads) > 0:
		console.PayloadTable(a.stdout, p, style(a.stdout))
	}
	return nil
}

// listConflicts is onbu piggyback conflicts.
func listConflicts(ctx context.Context, a *asking, _ []string) error {
	p, err := a.Payloads(ctx, "", "")
	if err != nil {
		return err
	}
	all := console.Conflicts(p)
	switch {
	case a.asJSON:
		return a.json(all)
	case len(all) == 0:
		fmt.Fprintln(a.stdout, "no conflicts: no two names became one host")
	}
	console.DrawConflicts(a.stdout, all, p.Now)
	return nil
}

// listDynamic is onbu piggyback dynamic.
func listDynamic(ctx context.Context, a *asking, _ []string) error {
	d, err := a.Dynamics(ctx)
	switch {
	case err != nil:
		return err
	case a.asJSON:
		return a.json(d)
	}
	console.DynamicTable(a.stdout, d, time.Now(), style(a.stdout))
	return nil
}

// tryRules is onbu piggyback try: what the rules of a file would do to the names of today.
func tryRules(ctx context.Context, a *asking, words []string) error {
	known, err := a.Known(ctx)
	if err != nil {
		return err
	}
	config, report := arbiter.LoadRules(words[0], known.Here)
	for _, p := range report.Problems {
		fmt.Fprintln(a.stderr, arbiter.Line(p))
	}
	if !report.OK() {
		return errQuiet
	}
	rules, _ := piggyback.Compile(config) // the loader has refused those that are wrong
	p, err := a.Payloads(ctx, "", "")
	if err != nil {
		return err
	}
	trial := console.Try(rules, p, known)
	if a.asJSON {
		return a.json(trial)
	}
	console.TrialTable(a.stdout, trial, a.all, style(a.stdout))
	return nil
}

// catPayload is onbu piggyback cat.
func catPayload(ctx context.Context, a *asking, words []string) error {
	body, err := a.PayloadData(ctx, words[0], strings.Join(words[1:], ""))
	if err != nil {
		return err
	}
	return a.copy(body)
}

// catAgent is onbu agent cat.
func catAgent(ctx context.Context, a *asking, words []string) error {
	body, err := a.AgentOutput(ctx, words[0])
	if err != nil {
		return err
	}
	return a.copy(body)
}

// mostCat bounds what is printed, and longestLine a line of it on a terminal.
const (
	mostCat     = 64 << 20
	longestLine = 1 << 20
)

// copy prints data that nobody has looked at: as they are, but for a terminal line by line without what could play with it.
func (a *asking) copy(body io.ReadCloser) error {
	defer body.Close()
	data := io.LimitReader(body, mostCat)
	defer func() {
		if n, _ := body.Read(make([]byte, 1)); n > 0 {
			fmt.Fprintf(a.stderr, "onbu: there is more; this is the first %d MiB\n", mostCat>>20)
		}
	}()
	if a.raw || !isTerminal(a.stdout) {
		_, err := io.Copy(a.stdout, data)
		return err
	}
	lines := bufio.NewScanner(data)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		fmt.Fprintln(a.stdout, console.Printable(lines.Text()))
	}
	return lines.Err()
}

const piggybackExamples = `
examples:
  onbu piggyback list             every payload: for whom, from whom, how old, how large, what the policies say of it
  onbu piggyback list vm17        what the host vm17 got, from whom each of its services comes
  onbu piggyback orphans          names that no host has, one a line
  onbu piggyback conflicts        hosts that different names became
  onbu piggyback dynamic          hosts that rules made of payloads, and why others were not made
  onbu piggyback try rules.cfg    what the translations of a file would make of the names of today
  onbu piggyback cat vm17 esx01   what esx01 said of vm17, as it came
`
