package ini

import (
	"errors"
	"fmt"
	"strings"
)

// maxNesting is how deep sections may lie in each other.
const maxNesting = 8

// Read reads a file into the tree: what it sets replaces what was there, all else stays.
func (s *Section) Read(file, text string) []Mistake {
	r := reader{root: s, at: s, file: file, opened: map[*Section]bool{}}
	r.lines = strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for r.line < len(r.lines) {
		r.next()
	}
	return r.mistakes
}

// reader walks through the lines of a file.
type reader struct {
	root, at *Section
	nesting  int
	lost     bool // the section that the lines belong to could not be made out
	file     string
	lines    []string
	line     int // how many were read
	opened   map[*Section]bool
	mistakes []Mistake
}

func (r *reader) pos() Pos { return Pos{r.file, r.line} }

func (r *reader) wrong(at Pos, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{at, fmt.Sprintf(format, args...)})
}

// take takes the next line.
func (r *reader) take() string {
	line := strings.TrimRight(r.lines[r.line], "\r")
	r.line++
	return line
}

// next reads a line, or several if a value goes on.
func (r *reader) next() {
	line := strings.TrimSpace(r.take())
	switch {
	case line == "" || line[0] == '#':
	case line[0] == '[':
		r.section(line)
	default:
		r.assignment(line)
	}
}

// section reads "[name]" or "[[name]]".
func (r *reader) section(line string) {
	name, nesting, err := header(line)
	if err == nil && nesting > r.nesting+1 {
		err = fmt.Errorf("[%s] has %d brackets, and there is no section with %d around it", name, nesting, nesting-1)
	}
	if r.lost = err != nil; r.lost {
		r.wrong(r.pos(), "%v", err)
		return
	}
	for ; r.nesting >= nesting; r.nesting-- {
		r.at = r.at.parent
	}
	r.at, r.nesting = r.at.enter(name, r.pos()), nesting
	if r.opened[r.at] {
		r.wrong(r.pos(), "section %s is in this file twice: put its lines together", name)
	}
	r.opened[r.at] = true
}

// header takes a section's line apart.
func header(line string) (name string, nesting int, err error) {
	rest := line
	for strings.HasPrefix(rest, "[") {
		rest, nesting = strings.TrimLeft(rest[1:], " \t"), nesting+1
	}
	if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return "", 0, fmt.Errorf("the quote in %s is never closed", line)
		}
		name, rest = rest[1:end+1], rest[end+2:]
	} else {
		end := max(0, strings.IndexByte(rest, ']'))
		name, rest = strings.TrimSpace(rest[:end]), rest[end:]
	}
	closing := 0
	for rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "]"); rest = strings.TrimSpace(rest[1:]) {
		closing++
	}
	switch {
	case name == "" || closing != nesting:
		return "", 0, fmt.Errorf("%s is no section: write [NAME], or [[name]] for one inside, with as many brackets behind as in front", line)
	case rest != "" && rest[0] != '#':
		return "", 0, fmt.Errorf("%q stands behind section %s: write it in a line of its own", rest, name)
	case nesting > maxNesting:
		return "", 0, fmt.Errorf("sections more than %d deep", maxNesting)
	}
	return name, nesting, nil
}

// assignment reads "key = value".
func (r *reader) assignment(line string) {
	at := r.pos()
	key, text, err := cutKey(line)
	if err != nil {
		r.wrong(at, "%v", err)
		return
	}
	v := Value{Pos: at}
	if quote := tripleQuote(text); quote != "" {
		v.Items, err = r.block(text[3:], quote)
	} else {
		v.Items, err = items(text)
	}
	if err != nil {
		r.wrong(at, "%s: %v", key, err)
		return
	}
	if !r.lost && r.at.set(key, v) {
		r.wrong(at, "%s is set twice in this section: leave one out", key)
	}
}

func cutKey(line string) (key, text string, err error) {
	if line[0] == '"' || line[0] == '\'' {
		end := strings.IndexByte(line[1:], line[0])
		if end < 0 {
			return "", "", errors.New("the quote around the name is never closed")
		}
		key, text = line[1:end+1], strings.TrimSpace(line[end+2:])
		if !strings.HasPrefix(text, "=") {
			return "", "", fmt.Errorf("%s has no value: write %s = …", key, key)
		}
		return key, strings.TrimSpace(text[1:]), nil
	}
	key, text, found := strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	if !found || key == "" {
		return "", "", fmt.Errorf("%q is neither a section nor a value: write [NAME] or name = value, and # in front of a comment", shorten(line))
	}
	return key, strings.TrimSpace(text), nil
}

func shorten(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func tripleQuote(text string) string {
	for _, quote := range []string{`"""`, "'''"} {
		if strings.HasPrefix(text, quote) {
			return quote
		}
	}
	return ""
}

// block reads a text in triple quotes, which may go over many lines.
func (r *reader) block(text, quote string) ([]string, error) {
	begin := r.line
	var b strings.Builder
	for {
		inside, behind, closed := strings.Cut(text, quote)
		b.WriteString(inside)
		if closed {
			if behind = strings.TrimSpace(behind); behind != "" && behind[0] != '#' {
				return nil, fmt.Errorf("%q stands behind the closing %s", shorten(behind), quote)
			}
			return []string{b.String()}, nil
		}
		if r.line == len(r.lines) {
			r.line = begin // what follows may be all right
			return nil, fmt.Errorf("%s is never closed", quote)
		}
		b.WriteByte('\n')
		text = r.take()
	}
}

// items takes a value apart: items parted by commas, up to the end or a comment. A comma at the end makes a list of one.
func items(text string) ([]string, error) {
	list := []string{}
	for {
		value, rest, quoted, err := item(text)
		if err != nil {
			return nil, err
		}
		last := rest == "" || rest[0] == '#'
		switch {
		case value != "" || quoted || last && len(list) == 0:
			list = append(list, value)
		case !last:
			return nil, errors.New("a comma with nothing in front of it")
		}
		if last {
			return list, nil
		}
		text = strings.TrimSpace(rest[1:])
	}
}

// item takes the first item off; rest begins with a comma or a comment, or is empty.
func item(text string) (value, rest string, quoted bool, err error) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		end := strings.IndexAny(text, ",#")
		if end < 0 {
			end = len(text)
		}
		return strings.TrimSpace(text[:end]), text[end:], false, nil
	}
	end := strings.IndexByte(text[1:], text[0])
	if end < 0 {
		return "", "", true, errors.New("a quote is never closed")
	}
	value, rest = text[1:end+1], strings.TrimSpace(text[end+2:])
	if rest != "" && rest[0] != ',' && rest[0] != '#' {
		return "", "", true, fmt.Errorf("%q stands behind the closing quote: put a comma between", shorten(rest))
	}
	return value, rest, true, nil
}
