package snmp

import (
	"fmt"
	"strings"

	"github.com/onbu/onbu/internal/snmp"
)

// output is what snmpget or snmpgetnext would have printed.
type output struct {
	lines  []byte   // to standard output
	errors []string // to standard error; then it returned an error too
}

func (o *output) fail(format string, args ...any) {
	o.errors = append(o.errors, fmt.Sprintf(format, args...))
}

func (c *command) program() string {
	if c.next {
		return "snmpgetnext"
	}
	return "snmpget"
}

// print prints an answer. When the agent says that an object is in error snmpget asks for the others again, as long as
// there are any, although it only adds to the errors that are shown.
func (r *run) print(a *snmp.Answer) {
	c, p, out := r.check, &r.printer, &r.printed
	p.known = nil
	if c.named {
		p.known = c.module.known
	}
	if a.Status != 0 {
		c.printError(a.Status, out)
		if a.Index != 0 {
			out.fail("Failed object: ")
		}
	}
	for _, at := range a.Refused {
		c.printError(int(a.Bindings[at].Status), out)
		out.fail("Failed object: %s\n", p.name(nil, a.Bindings[at].Name))
	}
	for i := range a.Bindings {
		if v := &a.Bindings[i]; v.Status == 0 {
			out.lines = append(p.line(out.lines, v), '\n')
		}
	}
}

// remark adds to the long output what was odd about the agent.
func remark(long string, a *snmp.Answer) string {
	if a.Repeats > 0 {
		long = fmt.Sprintf("%s\nasked %d times, as not every answer came", long, a.Messages)
	}
	if a.Note != "" {
		long += "\nthe agent " + a.Note
	}
	return strings.TrimPrefix(long, "\n")
}

func (c *command) printError(status int, out *output) {
	stop := ""
	if c.next {
		stop = "."
	}
	out.fail("Error in packet%s\nReason: %s", stop, statusText(status))
}

// statusText gives net-snmp's words for an error-status (snmp_client.c, snmp_errstring).
func statusText(status int) string {
	words := [...]string{
		1: "(tooBig) Response message would have been too large.",
		2: "(noSuchName) There is no such variable name in this MIB.",
		3: "(badValue) The value given has the wrong type or length.",
		4: "(readOnly) The two parties used do not have access to use the specified SNMP PDU.",
		5: "(genError) A general failure occured",
		6: "noAccess",
		7: "wrongType (The set datatype does not match the data type the agent expects)",
		8: "wrongLength (The set value has an illegal length from what the agent expects)",
		9: "wrongEncoding", 10: "wrongValue (The set value is illegal or unsupported in some way)",
		11: "noCreation (That table does not support row creation or that object can not ever be created)",
		12: "inconsistentValue (The set value is illegal or unsupported in some way)",
		13: "resourceUnavailable (This is likely a out-of-memory failure within the agent)",
		14: "commitFailed", 15: "undoFailed", 16: "authorizationError (access denied to that object)",
		17: "notWritable (That object does not support modification)",
		18: "inconsistentName (That object can not currently be created)",
	}
	if status < 1 || status >= len(words) {
		return "Unknown Error"
	}
	return words[status]
}
