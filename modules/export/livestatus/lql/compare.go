package lql

import (
	"regexp"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
)

// compare makes the function of a comparison. What an operator cannot mean for a kind of column passes, and its negation does
// not, as with Naemon.
func (p *parser) compare(n *node) filter {
	c, op := n.column.of, n.op
	if c == nil { // unknown: nothing is so
		return constant(op.negated)
	}
	switch {
	case strings.HasSuffix(c.Name, "modified_attributes_list"), strings.HasSuffix(c.Name, "modified_attributes"):
		return p.compareAttributes(c, op, n.value)
	case c.Kind == table.Int || c.Kind == table.Time:
		ref := atoi(n.value)
		if c.Kind == table.Time {
			ref -= p.q.shift
		}
		passes, of := compareInt(op, ref), p.memos.remembering(c)
		return func(r *table.Row) bool { return passes(of(r)) }
	case c.Kind == table.Float:
		return compareFloat(c.Float, op, atof(n.value))
	case c.Kind == table.String:
		passes, of := p.compareText(op, n.value), c.Text
		return func(r *table.Row) bool { return passes(of(r)) }
	case c.Kind == table.Dict:
		return p.compareDict(c.Dict, op, n.value)
	}
	return p.compareList(c.List, op, n.value)
}

func constant(passes bool) filter { return func(*table.Row) bool { return passes } }

func compareInt(op operator, ref int64) func(int64) bool {
	switch op {
	case operator{'=', false}:
		return func(v int64) bool { return v == ref }
	case operator{'=', true}:
		return func(v int64) bool { return v != ref }
	case operator{'<', false}:
		return func(v int64) bool { return v < ref }
	case operator{'<', true}:
		return func(v int64) bool { return v >= ref }
	case operator{'>', false}:
		return func(v int64) bool { return v > ref }
	case operator{'>', true}:
		return func(v int64) bool { return v <= ref }
	}
	return func(int64) bool { return !op.negated }
}

func compareFloat(of func(*table.Row) float64, op operator, ref float64) filter {
	switch op.is {
	case '=':
		return func(r *table.Row) bool { return (of(r) == ref) != op.negated }
	case '<':
		return func(r *table.Row) bool { return (of(r) < ref) != op.negated }
	case '>':
		return func(r *table.Row) bool { return (of(r) > ref) != op.negated }
	}
	return constant(!op.negated)
}

// compareText gives what a text must be.
func (p *parser) compareText(op operator, ref string) func(string) bool {
	passes := p.positively(op.is, ref)
	if !op.negated {
		return passes
	}
	return func(s string) bool { return !passes(s) }
}

// positively is compareText without negations.
func (p *parser) positively(is byte, ref string) func(string) bool {
	switch is {
	case '=':
		return func(s string) bool { return s == ref }
	case 'i':
		return func(s string) bool { return strings.EqualFold(s, ref) }
	case '<':
		return func(s string) bool { return s < ref }
	case '>':
		return func(s string) bool { return s > ref }
	case 's':
		return func(s string) bool { return strings.Contains(s, ref) }
	case 'S':
		if !p.costly(ref) {
			return nothing
		}
		return func(s string) bool { return containsFold(s, ref) }
	}
	return p.regexText(ref, is == 'r')
}

// compareDict compares one variable; value is its name and the value to compare with. A variable that is missing is empty.
func (p *parser) compareDict(of func(*table.Row) []monitor.Var, op operator, value string) filter {
	name, ref := field(value)
	passes := p.compareText(op, strings.TrimLeft(ref, blanks))
	name = strings.ToUpper(strings.TrimPrefix(name, "_"))
	return func(r *table.Row) bool { return passes(variable(of(r), name)) }
}

func variable(vars []monitor.Var, name string) string {
	for i := range vars {
		if vars[i].Name == name {
			return vars[i].Value
		}
	}
	return ""
}

// compareList looks for an element, or, with LMD's and our regular expressions, for one that fits. Equal and unequal say
// whether the list is empty.
func (p *parser) compareList(of func(*table.Row) []string, op operator, ref string) filter {
	switch op.is {
	case '=':
		if ref == "" {
			return func(r *table.Row) bool { return (len(of(r)) == 0) != op.negated }
		}
		return p.contains(of, func(s string) bool { return s == ref }, op.negated)
	case '<': // does not contain; its negation >= contains
		if host, service, pair := strings.Cut(ref, ";"); pair { // as LMD writes what Naemon writes with a bar
			other := host + "|" + service
			return p.contains(of, func(s string) bool { return s == ref || s == other }, !op.negated)
		}
		return func(r *table.Row) bool { return slices.Contains(of(r), ref) == op.negated }
	case 'i', '~', 'r', 's', 'S':
		return p.contains(of, p.positively(op.is, ref), op.negated)
	}
	return constant(!op.negated)
}

func (p *parser) contains(of func(*table.Row) []string, fits func(string) bool, negated bool) filter {
	return func(r *table.Row) bool {
		return slices.ContainsFunc(of(r), func(s string) bool { return r.World.Over() || fits(s) }) != negated
	}
}

// regexText gives what a regular expression finds. Those that are plain texts cost no machine. Braces are refused, as by Naemon, and
// so are Unicode's classes: what is left costs memory in proportion to its length.
func (p *parser) regexText(expression string, ignoreCase bool) func(string) bool {
	switch {
	case strings.ContainsAny(expression, "{}"):
		p.fail(BadHeader, "error in Filter header: disallowed regular expression '%s': must not contain { or }", expression)
		return nothing
	case !p.costly(expression):
		return nothing
	case strings.Contains(expression, `\p`), strings.Contains(expression, `\P`):
		p.fail(BadHeader, "error in Filter header: invalid regular expression '%s'", expression)
		return nothing
	}
	if f := plainText(expression, ignoreCase); f != nil {
		return f
	}
	if ignoreCase {
		expression = "(?i)" + expression
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		p.fail(BadHeader, "error in Filter header: invalid regular expression '%s'", strings.TrimPrefix(expression, "(?i)"))
		return nothing
	}
	return re.MatchString
}

func nothing(string) bool { return false }

// costly bounds what takes time in proportion to its own length for each byte that it is compared with.
func (p *parser) costly(expression string) bool {
	p.regex += len(expression)
	if len(expression) > longestRegex || p.regex > mostRegex {
		p.fail(LimitExceeded, "error in Filter header: more than %d bytes in a regular expression, or %d in those of a query", longestRegex, mostRegex)
		return false
	}
	return true
}

// plainText gives the function of an expression that is only text, perhaps tied to an end; nil if it is more.
func plainText(expression string, ignoreCase bool) func(string) bool {
	text, head := strings.CutPrefix(expression, "^")
	text, tail := strings.CutSuffix(text, "$")
	if strings.ContainsAny(text, `\.+*?()|[]^$`) || ignoreCase && !isASCII(text) {
		return nil
	}
	switch {
	case head && tail && ignoreCase:
		return func(s string) bool { return len(s) == len(text) && hasPrefixFold(s, text) }
	case head && tail:
		return func(s string) bool { return s == text }
	case head && ignoreCase:
		return func(s string) bool { return hasPrefixFold(s, text) }
	case head:
		return func(s string) bool { return strings.HasPrefix(s, text) }
	case tail && ignoreCase:
		return func(s string) bool { return len(s) >= len(text) && hasPrefixFold(s[len(s)-len(text):], text) }
	case tail:
		return func(s string) bool { return strings.HasSuffix(s, text) }
	case ignoreCase:
		return func(s string) bool { return containsFold(s, text) }
	}
	return func(s string) bool { return strings.Contains(s, text) }
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hasPrefixFold says whether s begins with text, whatever the case of ASCII's letters.
func hasPrefixFold(s, text string) bool {
	if len(s) < len(text) {
		return false
	}
	for i := range len(text) {
		if lower(s[i]) != lower(text[i]) {
			return false
		}
	}
	return true
}

func containsFold(s, text string) bool {
	for i := 0; i+len(text) <= len(s); i++ {
		if hasPrefixFold(s[i:], text) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// attributes are the bits of modified_attributes, by the names that the list has.
var attributes = map[string]int64{
	"notifications_enabled": 1, "active_checks_enabled": 2, "passive_checks_enabled": 4, "event_handler_enabled": 8,
	"flap_detection_enabled": 16, "failure_prediction_enabled": 32, "performance_data_enabled": 64, "obsessive_handler_enabled": 128,
	"event_handler_command": 256, "check_command": 512, "normal_check_interval": 1024, "retry_check_interval": 2048,
	"max_check_attempts": 4096, "freshness_checks_enabled": 8192, "check_timeperiod": 16384, "custom_variable": 32768,
	"notification_timeperiod": 65536,
}

// compareAttributes compares modified attributes as bits; value is a number, or names with commas between them. A regular
// expression asks for all of the bits, one without case for any.
func (p *parser) compareAttributes(c *table.Column, op operator, value string) filter {
	bits := p.column(strings.TrimSuffix(c.Name, "_list")).of
	if bits == nil || bits.Kind != table.Int {
		return p.compareList(c.List, op, value)
	}
	ref, of := attributeBits(value), bits.Int
	switch op.is {
	case '~':
		return func(r *table.Row) bool { return (of(r)&ref == ref) != op.negated }
	case 'r':
		return func(r *table.Row) bool { return (of(r)&ref != 0) != op.negated }
	}
	passes := compareInt(op, ref)
	return func(r *table.Row) bool { return passes(of(r)) }
}

func attributeBits(value string) int64 {
	if value != "" && value[0] >= '0' && value[0] <= '9' {
		return atoi(value)
	}
	var bits int64
	for name := range strings.FieldsFuncSeq(value, func(c rune) bool { return c == ',' || c == ' ' }) {
		bits |= attributes[name]
	}
	return bits
}
