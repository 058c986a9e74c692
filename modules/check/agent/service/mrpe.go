package service

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// mrpeKind is what Nagios plugins print that the agent runs: (PLUGIN) SERVICE STATUS OUTPUT.
func mrpeKind() Kind {
	return Kind{
		Name:     "mrpe",
		Sections: []string{"mrpe"},
		Discover: func(in *Input) []Found {
			_, order := mrpeChecks(in.first("mrpe"))
			found := make([]Found, 0, len(order))
			for _, name := range order {
				found = append(found, Found{Item: name, Description: name})
			}
			return found
		},
		Check: checkMRPE,
		Takes: map[string]string{"stale": staleHelp},
	}
}

// mrpeCheck is one line.
type mrpeCheck struct {
	status, output string
	at             time.Time
	valid          time.Duration
}

// mrpeChecks gives the last line of each service, and the services in their order.
func mrpeChecks(s *section.Section) (map[string]mrpeCheck, []string) {
	checks := map[string]mrpeCheck{}
	var order []string
	for i := range s.Parts {
		part := &s.Parts[i]
		for _, line := range part.Lines {
			var c mrpeCheck
			c.at, c.valid, line = cachedPrefix(line)
			if c.at.IsZero() {
				c.at, c.valid = part.At, part.Valid
			}
			if strings.HasPrefix(line, "(") {
				_, line, _ = strings.Cut(line, " ")
			}
			name, rest := word(line)
			c.status, c.output = word(rest)
			if c.status == "" {
				continue
			}
			if plain, err := url.PathUnescape(name); err == nil {
				name = plain
			}
			if _, known := checks[name]; !known {
				order = append(order, name)
			}
			checks[name] = c
		}
	}
	return checks, order
}

// word cuts a line behind its first word.
func word(line string) (word, rest string) {
	word, rest, _ = strings.Cut(strings.TrimLeft(line, " \t"), " ")
	return word, strings.TrimLeft(rest, " ")
}

func checkMRPE(in *Input, r *Report) {
	checks, order := mrpeChecks(in.first("mrpe"))
	c, ok := checks[in.Item]
	if !ok {
		lacks(r, "MRPE check", in.Item, slices.Values(order))
		return
	}
	var o monitor.Outcome
	// The agent writes the byte 1 for the line feeds of the plugin.
	o.Output, o.LongOutput, o.Perfdata = plugin.Output([]byte(strings.ReplaceAll(c.output, "\x01", "\n")), 0)
	if len(c.status) == 1 && c.status[0] >= '0' && c.status[0] <= '3' {
		o.State = monitor.State(c.status[0] - '0')
	} else {
		o.State, o.Output = monitor.Unknown, "Invalid plugin status '"+c.status+"'. Output is: "+o.Output
	}
	r.Plugin(o)
	in.age(r, "mrpe."+in.Item, c.at, c.valid)
}
