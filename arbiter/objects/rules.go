package objects

import (
	"errors"
	"slices"
	"strings"

	"github.com/onbu/onbu/deptree/bprule"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// ruled is a host or a service that is a business rule, until all that it may be made of is known.
type ruled struct {
	host uint32
	// description is empty for a host.
	description string
	def         Pos
	// expression is what follows "bp_rule!"; pos where the check_command stands.
	expression string
	pos        Pos
	output     string
	// smart and ackDowntime are business_rule_smart_notifications and business_rule_downtime_as_ack.
	smart, ackDowntime bool
	// onHosts and onServices replace the notification_options of its members, where they are given.
	onHosts, onServices value
}

// isRule says whether a check is a business rule. As in Shinken the command's line counts and not its name.
func (l *loader) isRule(call monitor.Call) bool {
	return call.Command != monitor.None && strings.HasPrefix(l.config.Commands[call.Command].Line, rule)
}

// rememberRule keeps what a host, or the service with that description, says of its rule. command is its check_command with
// the values of duplicate_foreach.
func (l *loader) rememberRule(v *view, host uint32, description, command string) {
	_, expression, _ := strings.Cut(command, "!")
	l.ruled = append(l.ruled, ruled{
		host: host, description: description, def: v.pos(), expression: trim(expression), pos: v.get(keyCheckCommand).pos,
		output: v.str(keyRuleOutput), smart: l.on(v, keyRuleSmart, false), ackDowntime: l.on(v, keyRuleDowntime, false),
		onHosts: v.get(keyRuleHostOptions), onServices: v.get(keyRuleServiceOptions),
	})
}

// loadRules finds the members of the business rules, and gives them the notification options that rules have for them.
func (l *loader) loadRules() {
	if len(l.ruled) == 0 {
		return
	}
	l.choices()
	all := 0
	for i := range l.ruled {
		r := &l.ruled[i]
		target, ok := l.ruledTarget(r)
		if !ok {
			continue
		}
		members := l.ruleMembers(r, target)
		if all += len(members); all > maxPairs {
			l.errorAt(r.pos, "the business rules have more than %d members, which cannot be meant: name fewer", maxPairs)
			return
		}
		for _, m := range members {
			l.forceOptions(r, m)
		}
		l.config.Rules = append(l.config.Rules, Rule{
			Target: target, Expression: r.expression, OutputTemplate: r.output, Smart: r.smart, DowntimeAsAck: r.ackDowntime,
			Members: members, Pos: r.pos,
		})
	}
}

// ruledTarget gives the object itself, if this definition of it is the one that counts.
func (l *loader) ruledTarget(r *ruled) (Target, bool) {
	if r.description == "" {
		return Target{r.host, monitor.None}, true
	}
	i, ok := l.child(&parented{host: r.host, description: r.description, def: r.def})
	return Target{r.host, int32(i)}, ok
}

// ruleMembers reads the expression with the values that its macros have as far as the files say.
func (l *loader) ruleMembers(r *ruled, target Target) []Target {
	names := ruleNames{l}
	text, ok := l.fixed(r, target)
	if !ok {
		return nil
	}
	expression, err := bprule.Parse(text)
	if err != nil {
		l.badRule(r, err)
		return nil
	}
	bound, err := expression.Bind(names.host(r.host), names)
	if err != nil {
		l.badRule(r, err)
		return nil
	}
	members := make([]Target, 0, len(bound.Members()))
	for _, id := range bound.Members() {
		members = append(members, names.target(id))
	}
	return members
}

// badRule complains of each thing that is wrong with an expression.
func (l *loader) badRule(r *ruled, err error) {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		var suggestion hint
		if e, ok := errors.AsType[*bprule.Error](err); ok && e.Missing != "" {
			suggestion = l.hint(e.Missing, func() []string { return ruleNames{l}.like(r.host, e) })
		}
		l.errorAt(r.pos, "business rule %q: %v%s", shorten(r.expression), err, suggestion)
	}
}

// forceOptions gives a member the notification options that a rule has for such.
func (l *loader) forceOptions(r *ruled, m Target) {
	options, k, directive, settings := r.onHosts, kHost, keyRuleHostOptions, &l.config.Hosts[m.Host].Settings
	if m.Service != monitor.None {
		options, k, directive, settings = r.onServices, kService, keyRuleServiceOptions, &l.config.Services[m.Service].Settings
	}
	if !options.given() || options.s == "" {
		return
	}
	s := l.config.Settings[*settings]
	s.NotificationOptions, _ = optionSet(k, directive, options.s)
	*settings = l.keep(s)
}

// fixed replaces the macros of an expression. It is false, with a complaint, where one has no value that stands in the files:
// nobody could say then which hosts belong together.
func (l *loader) fixed(r *ruled, target Target) (string, bool) {
	if !strings.Contains(r.expression, "$") {
		return r.expression, true
	}
	t, err := macro.Compile(r.expression)
	if err != nil {
		l.errorAt(r.pos, "business rule %q: %v", shorten(r.expression), err)
		return "", false
	}
	text := t.Text(ruleMacros{l, target})
	if t, err = macro.Compile(text); err != nil || len(t.Macros()) == 0 {
		return text, true
	}
	l.errorAt(r.pos, "business rule %q asks for %v, which is not in the files: use names, custom variables and $USERn$", shorten(r.expression), t.Macros()[0])
	return "", false
}

// ruleMacros knows the macros that have the same value always.
type ruleMacros struct {
	l *loader
	Target
}

// AppendMacro implements macro.Resolver.
func (r ruleMacros) AppendMacro(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	value, ok := r.value(m)
	if !ok || m.Of != nil {
		return dst, macro.Missing
	}
	return append(dst, value...), macro.Value
}

func (r ruleMacros) value(m macro.Macro) (string, bool) {
	h := &r.l.config.Hosts[r.Host]
	var vars []monitor.Var
	switch m.Kind {
	case macro.User, macro.Other:
		value, ok := r.l.config.Macros[m.Name]
		return value, ok
	case macro.HostVar:
		vars = h.Vars
	case macro.ServiceVar:
		if r.Service != monitor.None {
			vars = r.l.config.Services[r.Service].Vars
		}
	default:
		value := r.name(m.Name, h)
		return value, value != ""
	}
	i, ok := findVar(vars, m.Var)
	if !ok {
		return "", false
	}
	return vars[i].Value, true
}

func (r ruleMacros) name(macro string, h *Host) string {
	switch macro {
	case "HOSTNAME":
		return h.Name
	case "HOSTALIAS":
		return h.Alias
	case "HOSTDISPLAYNAME":
		return h.DisplayName
	case "HOSTADDRESS":
		return h.Address
	}
	if r.Service == monitor.None {
		return ""
	}
	switch s := &r.l.config.Services[r.Service]; macro {
	case "SERVICEDESC":
		return s.Description
	case "SERVICEDISPLAYNAME":
		return s.DisplayName
	}
	return ""
}

// choices lists who uses which template and has which label: business rules may choose by them.
func (l *loader) choices() {
	c := l.config
	c.HostTags = labelled(len(c.Hosts), func(i int) []string { return l.look(l.objects[kHost][i]).base.tags })
	c.HostLabels = labelled(len(c.Hosts), func(i int) []string { return c.Settings[c.Hosts[i].Settings].Labels })
	c.ServiceLabels = labelled(len(c.Services), func(i int) []string { return c.Settings[c.Services[i].Settings].Labels })
}

func byName(a, b Group) int { return strings.Compare(a.Name, b.Name) }

func labelled(n int, labels func(int) []string) []Group {
	members := map[string][]uint32{}
	for i := range n {
		for _, label := range labels(i) {
			members[label] = appendNew(members[label], uint32(i))
		}
	}
	var all []Group
	for name, list := range members {
		all = append(all, Group{Name: name, Members: list})
	}
	slices.SortFunc(all, byName)
	return all
}
