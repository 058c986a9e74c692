package core

import (
	"fmt"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// ruleOutput is a business_rule_output_template: some text, what is said of each member in trouble (between "$(" and
// ")$"), and some more text.
type ruleOutput struct {
	before, each, after macro.Template
	// has says whether there is a template, parted whether it has a place for the members.
	has, parted bool
}

// newRuleOutput reads a template. One that is too long counts as none.
func newRuleOutput(text string) ruleOutput {
	o := ruleOutput{has: strings.TrimSpace(text) != ""}
	before, rest, each := strings.Cut(text, "$(")
	after := ""
	if end := strings.LastIndex(rest, ")$"); each && end >= 0 {
		o.parted, rest, after = true, rest[:end], rest[end+2:]
	} else {
		before, rest = text, ""
	}
	for _, part := range []struct {
		to   *macro.Template
		text string
	}{{&o.before, before}, {&o.each, rest}, {&o.after, after}} {
		t, err := macro.Compile(part.text)
		if err != nil {
			return ruleOutput{}
		}
		*part.to = t
	}
	return o
}

// maxNamed is how many members in trouble are named where there is no template.
const maxNamed = 10

// say gives the output of a rule in a state.
func (c *Core) say(r *rule, state monitor.State) string {
	switch {
	case r.tree == nil:
		return "the business rule cannot be worked out: " + r.wrong
	case r.output.has:
		return strings.TrimSpace(c.fillOutput(r, state))
	}
	troubled := c.troubled(r)
	if len(troubled) == 0 && state == monitor.OK {
		return allFine
	}
	var names []string
	for _, id := range troubled[:min(len(troubled), maxNamed)] {
		names = append(names, c.nameOf(id)+" "+c.kindName(id, c.lastHard(id)))
	}
	text := fmt.Sprintf("%d of %d in trouble", len(troubled), len(r.members()))
	if len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	if more := len(troubled) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// allFine is what Shinken says.
const allFine = "all checks were successful."

// fillOutput puts the values into a template.
func (c *Core) fillOutput(r *rule, state monitor.State) string {
	own := ruleMacros{c.about(r.id), state}
	text := r.output.before.Append(nil, &own)
	if r.output.parted {
		troubled := c.troubled(r)
		for _, id := range troubled {
			text = r.output.each.Append(text, &ruleMacros{c.about(id), c.lastHard(id)})
		}
		if len(troubled) == 0 {
			text = append(text, allFine...)
		}
	}
	return string(r.output.after.Append(text, &own))
}

func (c *Core) kindName(id monitor.ID, s monitor.State) string {
	if c.inv.IsHost(id) {
		return s.HostName()
	}
	return s.ServiceName()
}

// ruleMacros adds the macros that hosts and services have in common in such templates.
type ruleMacros struct {
	resolver
	state monitor.State
}

// AppendMacro implements macro.Resolver.
func (m *ruleMacros) AppendMacro(dst []byte, what macro.Macro) ([]byte, macro.Answer) {
	c, id := m.core, m.host
	if m.service != monitor.NoID {
		id = m.service
	}
	name := c.kindName(id, m.state)
	switch what.Name {
	case "STATUS":
		return append(dst, name...), macro.Value
	case "SHORTSTATUS", "SHORT_STATUS":
		if m.state == monitor.Unreachable && c.inv.IsHost(id) {
			name = "N"
		}
		return append(dst, name[0]), macro.Value
	case "FULLNAME":
		return append(dst, c.nameOf(id)...), macro.Value
	case "HOST_NAME":
		what.Name = "HOSTNAME"
	case "SERVICE_DESC":
		what.Name = "SERVICEDESC"
	}
	return m.resolver.AppendMacro(dst, what)
}
