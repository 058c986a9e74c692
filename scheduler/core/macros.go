package core

import (
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// resolver knows the values of macros for one object and one occasion.
type resolver struct {
	core *Core
	// host and service are what the text is about; monitor.NoID for none.
	host, service monitor.ID
	contact       *monitor.Contact // nil unless a contact is told
	args          []string
	given         bool          // the arguments came with a command: they are data
	n             *notification // nil unless people are told
	action        string        // the ID of the action that tells them
}

// appendLine appends the command line of an object's check.
func (c *Core) appendLine(dst []byte, id monitor.ID, call monitor.Call) []byte {
	c.resolver = c.about(id)
	c.resolver.args, c.resolver.given = c.inv.arguments(call)
	return c.lines[call.Command].Append(dst, &c.resolver)
}

// actionLine gives the command line that tells a contact; action is the ID of what does so.
func (c *Core) actionLine(n *notification, contact uint32, action string, call monitor.Call) string {
	c.resolver = c.about(n.id)
	c.resolver.args, c.resolver.given = c.inv.arguments(call)
	c.resolver.contact, c.resolver.n, c.resolver.action = &c.inv.Contacts[contact], n, action
	return c.lines[call.Command].Text(&c.resolver)
}

// about gives the resolver for an object.
func (c *Core) about(id monitor.ID) resolver {
	r := resolver{core: c, host: c.inv.HostOf(id), service: monitor.NoID}
	if id != r.host {
		r.service = id
	}
	return r
}

// AppendMacro appends the value of a macro; Missing if there is no such macro here, or no such object.
func (r *resolver) AppendMacro(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	switch {
	case len(m.Of) > 0:
		return r.appendOnDemand(dst, m)
	case m.Kind == macro.Arg && r.given:
		dst, _ := r.append(dst, &m)
		return dst, macro.Foreign
	case m.Kind == macro.HostVar, m.Kind == macro.ServiceVar, m.Kind == macro.ContactVar:
		return r.appendVar(dst, m)
	}
	return answer(r.append(dst, &m))
}

func answer(dst []byte, ok bool) ([]byte, macro.Answer) {
	if !ok {
		return dst, macro.Missing
	}
	return dst, macro.Value
}

// append appends the value of a macro that is about the resolver's own objects; false if there is none.
func (r *resolver) append(dst []byte, m *macro.Macro) ([]byte, bool) {
	switch m.Kind {
	case macro.Arg:
		if m.Index <= len(r.args) {
			dst = append(dst, r.args[m.Index-1]...)
		}
		return dst, true
	case macro.User:
		return append(dst, r.core.users[m.Index]...), true
	}
	return r.appendStandard(dst, m)
}

// appendStandard finds out by the name what a macro is about: a host (HOSTSTATE, LASTHOSTSTATE), a service, a contact,
// the notification, the time, or the configuration as a whole. What is about a service, contact or notification is
// empty where there is none.
func (r *resolver) appendStandard(dst []byte, m *macro.Macro) ([]byte, bool) {
	lead, name := cutLead(m.Name)
	var ok bool
	if lead == "TOTAL" {
		dst, ok = r.core.appendSum(dst, name)
	}
	if ok {
		return dst, true
	}
	if rest, host := strings.CutPrefix(name, "HOST"); host {
		dst, ok = r.appendHost(dst, lead, rest)
	} else if rest, service := strings.CutPrefix(name, "SERVICE"); service && lead != "TOTAL" {
		dst, ok = r.appendService(dst, lead, rest)
	} else if rest, contact := strings.CutPrefix(name, "CONTACT"); contact {
		dst, ok = r.appendContact(dst, rest, m.Index)
	} else if strings.HasPrefix(name, "NOTIFICATION") {
		dst, ok = r.appendNotification(dst, m.Name)
	}
	if !ok {
		dst, ok = r.appendTime(dst, m.Name)
	}
	if ok {
		return dst, true
	}
	// A macro that Nagios knows but that has no value here is empty, as in Nagios; others stay as they are written.
	value, ok := r.core.inv.Macros[m.Name]
	return append(dst, value...), ok || m.Kind == macro.Standard
}

// cutLead takes off what may stand before HOST or SERVICE in a name.
func cutLead(name string) (lead, rest string) {
	if name == "" || strings.IndexByte("LMT", name[0]) < 0 {
		return "", name
	}
	for _, lead := range [...]string{"LAST", "LONG", "MAX", "TOTAL"} {
		if rest, ok := strings.CutPrefix(name, lead); ok {
			return lead, rest
		}
	}
	return "", name
}

// appendSafe appends what came from outside, without the characters of illegal_macro_output_chars. Line ends become \n,
// as Nagios keeps them.
func (r *resolver) appendSafe(dst []byte, value string) []byte {
	illegal := r.core.inv.Options.IllegalMacroOutputChars
	for i := range len(value) {
		switch b := value[i]; {
		case b == '\n':
			dst = append(dst, `\n`...)
		case b < ' ' && b != '\t':
			// a carriage return or escape would play with terminals and mails
		case strings.IndexByte(illegal, b) < 0:
			dst = append(dst, b)
		}
	}
	return dst
}

func appendUnix(dst []byte, t monitor.Time) []byte { return strconv.AppendInt(dst, int64(t)/1e9, 10) }

func appendBit(dst []byte, on bool) []byte {
	if on {
		return append(dst, '1')
	}
	return append(dst, '0')
}
