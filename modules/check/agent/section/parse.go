package section

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Options say how output is read.
type Options struct {
	// Source is put into each part: the host whose output brought it as a payload; empty for the host's own agent.
	Source string
	// Now is when the output was fetched. A header whose data are said to be made later than that has a clock that is fast:
	// they count as made now. Zero leaves such times as they are.
	Now time.Time
}

// What one output may hold at most; the rest of it is left out. An agent's has a hundred sections and a few thousand lines.
const (
	mostLines = 1 << 19
	mostParts = 16 << 10
	mostNames = 4 << 10
	mostName  = 128 // bytes
)

// Parse adds the sections of an output to a set, as Checkmk reads them: what stands before the first header or behind the
// header of no section is left out, and so is what is for other hosts. Lines that are no UTF-8 are taken for Latin-1, unless
// their header names their encoding. The lines are parts of one copy of the output. whole is false if there was more in it
// than any agent would say, and some was left out.
//
// The grammar is that of agent_based_api's parser in Checkmk 2.3 (cmk/checkengine/parser/_agent.py and _markers.py).
func Parse(output []byte, into *Set, o Options) (whole bool) {
	return ParseText(string(output), into, o)
}

// ParseText is Parse for output that is a string already; the lines are parts of it.
func ParseText(output string, into *Set, o Options) (whole bool) {
	p := parser{
		into: into, options: o, whole: true, clean: utf8.ValidString(output),
		lines: make([]string, 0, min(strings.Count(output, "\n")-strings.Count(output, "\n<<<")+1, mostLines)),
	}
	for output != "" {
		line := output
		if end := strings.IndexByte(output, '\n'); end >= 0 {
			line, output = output[:end], output[end+1:]
		} else {
			output = ""
		}
		p.take(line)
	}
	p.end()
	return p.whole
}

// parser is in the middle of an output.
type parser struct {
	into    *Set
	options Options
	lines   []string // of all parts, one after the other
	from    int      // where those of the open part begin
	part    *Part    // the open part; nil for none
	parts   int
	clean   bool // the whole output is UTF-8
	whole   bool
	header
	foreign bool // it is for another host
}

// header is what a header says besides what is in the part.
type header struct {
	name    string
	latin1  bool
	nostrip bool
}

// take reads a line.
func (p *parser) take(line string) {
	stripped := strip(line)
	switch {
	case stripped == "":
	case stripped[0] == '<' && isMarker(stripped):
		p.marker(stripped[3 : len(stripped)-3])
	case p.part == nil:
	case len(p.lines) == mostLines:
		p.whole = false
	case p.nostrip:
		p.lines = append(p.lines, p.decode(strings.TrimSuffix(line, "\r")))
	default:
		p.lines = append(p.lines, p.decode(stripped))
	}
}

// isMarker says whether a line is a header or the end of one's section.
func isMarker(line string) bool {
	return len(line) >= 6 && strings.HasPrefix(line, "<<<") && strings.HasSuffix(line, ">>>")
}

// marker reads what stands between <<< and >>>.
func (p *parser) marker(text string) {
	p.end()
	if len(text) >= 2 && text[0] == '<' && text[len(text)-1] == '>' {
		p.foreign = text != "<>"
		return
	}
	if p.foreign {
		return
	}
	name, options, _ := strings.Cut(text, ":")
	if !isName(name) {
		return
	}
	if p.parts == mostParts || p.into.Get(name) == nil && len(p.into.names) >= mostNames {
		p.whole = false
		return
	}
	p.parts++
	p.header = header{name: name}
	p.part = p.into.add(name, Part{Separator: White, Source: p.options.Source, Fetched: p.options.Now})
	for options != "" {
		var option string
		option, options, _ = strings.Cut(options, ":")
		p.option(option)
	}
}

// end closes the open part.
func (p *parser) end() {
	if p.part != nil {
		p.part.Lines = p.lines[p.from:len(p.lines):len(p.lines)]
	}
	p.part, p.from = nil, len(p.lines)
}

// option reads an option of a header. One that is not known, or wrong, is none.
func (p *parser) option(text string) {
	name, value, _ := strings.Cut(text, "(")
	value = strings.TrimSuffix(value, ")")
	switch name {
	case "sep":
		if n, err := strconv.ParseUint(value, 10, 21); err == nil && n <= utf8.MaxRune {
			p.part.Separator = int(n)
		}
	case "cached":
		at, valid, _ := strings.Cut(value, ",")
		if made, ok := moment(at); ok {
			if n, err := strconv.ParseUint(strip(valid), 10, 31); err == nil {
				p.part.At, p.part.Valid = p.notLater(made), time.Duration(n)*time.Second
			}
		}
	case "persist":
		if until, ok := moment(value); ok {
			p.part.Until = until
		}
	case "encoding":
		p.latin1 = isLatin1(value)
	case "nostrip":
		p.nostrip = true
	}
}

// moment reads a number of seconds since 1970.
func moment(text string) (time.Time, bool) {
	n, err := strconv.ParseUint(strip(text), 10, 40)
	return time.Unix(int64(n), 0), err == nil
}

func (p *parser) notLater(at time.Time) time.Time {
	if now := p.options.Now; !now.IsZero() && at.After(now) {
		return now
	}
	return at
}

func isLatin1(name string) bool {
	switch strings.ToLower(name) {
	case "latin-1", "latin1", "latin_1", "l1", "iso-8859-1", "iso8859-1", "iso_8859_1", "8859":
		return true
	}
	return false
}

// decode makes a line UTF-8.
func (p *parser) decode(line string) string {
	if p.clean && !p.latin1 || !p.latin1 && utf8.ValidString(line) {
		return line
	}
	b := make([]byte, 0, len(line)+len(line)/8+8)
	for i := range len(line) {
		b = utf8.AppendRune(b, rune(line[i]))
	}
	return string(b)
}

// isName says whether a section may have a name.
func isName(name string) bool {
	if name == "" || len(name) > mostName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// strip takes white space off both ends.
func strip(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
