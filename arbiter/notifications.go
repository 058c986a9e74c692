package arbiter

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// Sends says which module sends a notification's command line without a fork; empty if a command is run for it. An error
// says what is wrong with a line that only the module could send. builtin.Senders has it.
type Sends func(line string) (module string, err error)

// NotificationUse says how notifications with a command are sent.
type NotificationUse struct {
	Command string `json:"command"`
	// Module sends it; "exec" forks.
	Module string `json:"module"`
	// Contacts is how many are told so, of hosts, of services or of both.
	Contacts int `json:"contacts"`
}

// notificationUses asks about each notification command with each contact. What no module can send is an error: there is
// no program by that name.
func notificationUses(c *objects.Config, sends Sends) (uses []NotificationUse, wrong []string) {
	uses = []NotificationUse{}
	if sends == nil {
		return uses, nil
	}
	for i := range c.Contacts {
		who, counted := &c.Contacts[i], map[NotificationUse]bool{}
		for _, call := range callsOf(who) {
			command := &c.Commands[call.Command]
			s := contactSample{sample: sample{config: c, service: monitor.None, args: c.Args[call.Args]}, contact: &who.Contact}
			module, err := sends(s.line(command.Line))
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: contact %q cannot be told by command %q: %v", c.Where(command.Pos), who.Name, command.Name, err))
				continue
			}
			counted[NotificationUse{Command: command.Name, Module: cmp.Or(module, "exec")}] = true
		}
		for use := range counted {
			uses = count(uses, use)
		}
	}
	slices.SortFunc(uses, func(a, b NotificationUse) int {
		return cmp.Or(cmp.Compare(b.Contacts, a.Contacts), cmp.Compare(a.Command, b.Command), cmp.Compare(a.Module, b.Module))
	})
	return uses, slices.Compact(wrong)
}

func count(uses []NotificationUse, use NotificationUse) []NotificationUse {
	i := slices.IndexFunc(uses, func(u NotificationUse) bool { return u.Command == use.Command && u.Module == use.Module })
	if i < 0 {
		i, uses = len(uses), append(uses, use)
	}
	uses[i].Contacts++
	return uses
}

// callsOf gives the commands by which a contact is told.
func callsOf(who *objects.Contact) []monitor.Call {
	calls := slices.Concat(who.Host.Commands, who.Service.Commands)
	for i := range who.Ways {
		calls = slices.Concat(calls, who.Ways[i].Host.Commands, who.Ways[i].Service.Commands)
	}
	return slices.DeleteFunc(calls, func(call monitor.Call) bool { return call.Command == monitor.None })
}

// contactSample is a sample with a contact who is told of the first host.
type contactSample struct {
	sample
	contact *monitor.Contact
}

func (s *contactSample) line(text string) string {
	t, err := macro.CompileLine(text)
	if err != nil {
		return text
	}
	return t.Text(s)
}

// AppendMacro implements macro.Resolver.
func (s *contactSample) AppendMacro(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	switch {
	case m.Kind == macro.ContactVar:
		if longer, ok := appendVariable(dst, s.contact.Vars, m.Var); ok {
			return longer, macro.Value
		}
		return dst, macro.Missing
	case m.Name == "CONTACTNAME":
		return append(dst, s.contact.Name...), macro.Value
	case m.Name == "CONTACTEMAIL":
		return append(dst, s.contact.Email...), macro.Value
	case m.Name == "CONTACTPAGER":
		return append(dst, s.contact.Pager...), macro.Value
	case len(s.config.Hosts) == 0 && (m.Kind == macro.HostVar || m.Kind == macro.Standard):
		return append(dst, '0'), macro.Value
	}
	return s.sample.AppendMacro(dst, m)
}
