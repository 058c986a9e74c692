package lql

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// headers are all there are; each reads what stands behind the colon.
var headers = map[string]func(p *parser, rest string){
	"Columns":      (*parser).columnsHeader,
	"StatsGroupBy": (*parser).columnsHeader,
	"StatsGroup":   (*parser).columnsHeader,
	"Filter":       func(p *parser, rest string) { p.filterHeader(&p.filters, rest) },
	"And":          func(p *parser, rest string) { p.combine(&p.filters, "And", and, rest) },
	"Or":           func(p *parser, rest string) { p.combine(&p.filters, "Or", or, rest) },
	"Negate": func(p *parser, rest string) {
		p.negate(&p.filters, "Negate", "Negate: no Filter: header to negate", rest)
	},
	"Stats":            (*parser).statsHeader,
	"StatsAnd":         func(p *parser, rest string) { p.statsCombine("And", and, rest) },
	"StatsOr":          func(p *parser, rest string) { p.statsCombine("Or", or, rest) },
	"StatsNegate":      (*parser).statsNegate,
	"Sort":             (*parser).sortHeader,
	"Limit":            func(p *parser, rest string) { p.number("Limit", rest, &p.q.limit) },
	"Offset":           func(p *parser, rest string) { p.number("Offset", rest, &p.q.offset) },
	"Timelimit":        (*parser).timelimitHeader,
	"OutputFormat":     (*parser).formatHeader,
	"ColumnHeaders":    (*parser).columnHeadersHeader,
	"ResponseHeader":   (*parser).responseHeader,
	"KeepAlive":        (*parser).keepAliveHeader,
	"AuthUser":         (*parser).authUserHeader,
	"Separators":       (*parser).separatorsHeader,
	"Localtime":        (*parser).localtimeHeader,
	"WaitObject":       func(p *parser, rest string) { p.waiting().Object = rest },
	"WaitCondition":    (*parser).waitConditionHeader,
	"WaitConditionAnd": func(p *parser, rest string) { p.combine(&p.waits, "WaitConditionAnd", and, rest) },
	"WaitConditionOr":  func(p *parser, rest string) { p.combine(&p.waits, "WaitConditionOr", or, rest) },
	"WaitConditionNegate": func(p *parser, rest string) {
		p.negate(&p.waits, "WaitConditionNegate", "Negate: no Wait:-condition negate", rest)
	},
	"WaitTrigger": (*parser).waitTriggerHeader,
	"WaitTimeout": (*parser).waitTimeoutHeader,
	// Only LMD does something with it.
	"Backends": func(*parser, string) {},
}

// header reads one header line.
func (p *parser) header(line string) {
	name, rest, _ := strings.Cut(line, ":")
	read := headers[name]
	if read == nil || !strings.HasPrefix(line, name+":") {
		p.fail(BadHeader, "Undefined request header '%s'", line)
		return
	}
	read(p, strings.TrimLeft(rest, blanks))
}

// blanks are what C's isspace takes for white space within a line.
const blanks = " \t\v\f\r"

// field cuts the next word off; empty if there is none.
func field(s string) (word, rest string) {
	s = strings.TrimLeft(s, blanks)
	if i := strings.IndexAny(s, blanks); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func (p *parser) columnsHeader(rest string) {
	for word, rest := field(rest); word != ""; word, rest = field(rest) {
		if len(p.q.columns) == mostColumns {
			p.fail(LimitExceeded, "more than %d columns in a query", mostColumns)
			return
		}
		p.q.columns = append(p.q.columns, p.column(word))
	}
}

func (p *parser) sortHeader(rest string) {
	word, rest := field(rest)
	if word == "" {
		return
	}
	if p.sorts++; p.sorts > mostSorts {
		p.fail(LimitExceeded, "more than %d Sort: headers in a query", mostSorts)
		return
	}
	key := sortKey{column: p.column(word)}
	direction, more := field(rest)
	if isDict(key.column) { // LMD's Sort: custom_variables NAME asc
		key.variable = strings.ToUpper(strings.TrimPrefix(direction, "_"))
		direction, _ = field(more)
	}
	key.descending = strings.EqualFold(direction, "desc")
	again := func(k sortKey) bool { return k.of == key.of && k.variable == key.variable }
	if !slices.ContainsFunc(p.q.sorts, again) { // which would change nothing
		p.q.sorts = append(p.q.sorts, key)
	}
}

// count reads a whole number that is not negative.
func count(word string) (int, bool) {
	n, err := strconv.Atoi(word)
	return n, err == nil && n >= 0 && word[0] != '+' && n <= 1<<31-1
}

func (p *parser) number(name, rest string, n *int) {
	word, _ := field(rest)
	value, ok := count(word)
	switch {
	case word == "":
		p.fail(BadHeader, "Header %s: missing value", name)
	case !ok:
		p.fail(BadHeader, "Invalid value for %s: must be non-negative integer", name)
	default:
		*n = value
	}
}

func (p *parser) timelimitHeader(rest string) {
	word, _ := field(rest)
	value, ok := count(word)
	switch {
	case word == "":
		p.fail(BadHeader, "Header Timelimit: missing value")
	case !ok:
		p.fail(BadHeader, "Invalid value for Timelimit: must be non-negative integer (seconds)")
	default:
		p.q.Timelimit = max(time.Duration(value)*time.Second, 1)
	}
}

func (p *parser) formatHeader(rest string) {
	switch word, _ := field(rest); word {
	case "csv", "broken_csv":
		p.q.format = CSV
	case "CSV":
		p.q.format = StrictCSV
	case "json":
		p.q.format = JSON
	case "wrapped_json":
		p.q.format = WrappedJSON
	case "python":
		p.q.format = Python
	case "python3":
		p.q.format = Python3
	case "":
		p.fail(BadHeader, "Missing output format. Only 'csv' and 'json' are available.")
	default:
		p.fail(BadHeader, "Invalid output format. Only 'csv', 'json' and 'wrapped_json' are available.")
	}
}

// onOff reads a switch.
func (p *parser) onOff(name, rest string) (on, ok bool) {
	switch word, _ := field(rest); word {
	case "on":
		return true, true
	case "off":
		return false, true
	case "":
		p.fail(BadHeader, "Missing value for %s: must be 'on' or 'off'", name)
	default:
		p.fail(BadHeader, "Invalid value for %s: must be 'on' or 'off'", name)
	}
	return false, false
}

func (p *parser) columnHeadersHeader(rest string) {
	if on, ok := p.onOff("ColumnHeaders", rest); ok && on {
		p.headers = "on"
	} else if ok {
		p.headers = "off"
	}
}

func (p *parser) keepAliveHeader(rest string) {
	if on, ok := p.onOff("KeepAlive", rest); ok {
		p.q.KeepAlive = on
	}
}

func (p *parser) responseHeader(rest string) {
	switch word, _ := field(rest); word {
	case "off":
		p.q.Fixed16 = false
	case "fixed16":
		p.q.Fixed16 = true
	case "":
		p.fail(BadHeader, "Missing value for ResponseHeader: must be 'off' or 'fixed16'")
	default:
		p.fail(BadHeader, "Invalid value '%s' for ResponseHeader: must be 'off' or 'fixed16'", word)
	}
}

// authUserHeader bounds the query to what a contact may see. An empty name is a contact that nobody is.
func (p *parser) authUserHeader(rest string) {
	p.q.narrow.Contact, p.q.narrow.Anyone = rest, false
}

// separatorsHeader reads up to four codes of ASCII characters; those that are missing are the character 0, as with Naemon.
func (p *parser) separatorsHeader(rest string) {
	for i := range p.q.seps {
		var word string
		word, rest = field(rest)
		p.q.seps[i] = byte(atoi(word))
	}
}

// localtimeHeader reads the time of the client's clock. The difference is taken to be one of time zones, so it is rounded
// to half hours.
func (p *parser) localtimeHeader(rest string) {
	word, _ := field(rest)
	if word == "" {
		p.fail(BadHeader, "Header Localtime: missing value")
		return
	}
	difference := atoi(word) - p.now.Unix()
	half := int64(1800)
	full, rem := difference/half, difference%half
	switch {
	case rem <= -half/2:
		full--
	case rem >= half/2:
		full++
	}
	if full >= 48 || full <= -48 {
		p.fail(BadHeader, "Invalid Localtime header: timezone difference greater then 24 hours")
		return
	}
	p.q.shift = full * half
}

// atoi reads the number at the beginning of a text, as C does: 0 if there is none.
func atoi(s string) int64 {
	s = strings.TrimLeft(s, blanks)
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[0] == '-' || s[0] == '+')) {
		end++
	}
	n, _ := strconv.ParseInt(s[:end], 10, 64) // at the bound where it is out of range
	return n
}

// atof is atoi for a number with a fraction.
func atof(s string) float64 {
	s = strings.TrimLeft(s, blanks)
	for end := min(len(s), 64); end > 0; end-- {
		if f, err := strconv.ParseFloat(s[:end], 64); err == nil {
			return f
		}
	}
	return 0
}
