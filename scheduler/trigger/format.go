package trigger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// format is Python's "%.2f" % value, of which Starlark leaves out width and precision.
func (c *court) format(format string, with starlark.Value) (starlark.Value, error) {
	values, ok := with.(starlark.Tuple)
	if !ok {
		values = starlark.Tuple{with}
	}
	var b strings.Builder
	for {
		at := strings.IndexByte(format, '%')
		if at < 0 {
			break
		}
		b.WriteString(format[:at])
		s, rest, err := readSpec(format[at+1:])
		if err != nil {
			return nil, err
		}
		format = rest
		if s.verb == '%' {
			b.WriteByte('%')
			continue
		}
		v, err := s.value(&values, with)
		if err == nil {
			err = s.write(&b, v)
		}
		if err != nil {
			return nil, err
		}
		if b.Len() > longest {
			return nil, fmt.Errorf("a string of more than %d kB", longest>>10)
		}
	}
	b.WriteString(format)
	if _, dict := with.(*starlark.Dict); len(values) > 0 && !dict {
		return nil, errors.New("more values than % takes: a tuple has one for each %s")
	}
	return starlark.String(b.String()), c.charge(b.Len(), b.Len())
}

// spec is one conversion, such as %5.2f or %(name)s.
type spec struct {
	key, flags string
	hasKey     bool
	width      int
	precision  int // -1 for none
	verb       byte
}

// widest is the largest width and precision.
const widest = 200

func readSpec(text string) (s spec, rest string, err error) {
	s.precision = -1
	if strings.HasPrefix(text, "(") {
		end := strings.IndexByte(text, ')')
		if end < 0 {
			return s, "", errors.New("%( is never closed")
		}
		s.key, s.hasKey, text = text[1:end], true, text[end+1:]
	}
	n := len(text) - len(strings.TrimLeft(text, "-+ #0"))
	s.flags, text = text[:n], text[n:]
	s.width, text = digits(text)
	if strings.HasPrefix(text, ".") {
		s.precision, text = digits(text[1:])
	}
	if text == "" {
		return s, "", errors.New("% stands at the end of a format: write %% for a percent sign")
	}
	if s.width > widest || s.precision > widest {
		return s, "", fmt.Errorf("a width of more than %d", widest)
	}
	if s.verb = text[0]; !strings.ContainsRune("%sridufFeEgGxXoc", rune(s.verb)) {
		return s, "", fmt.Errorf("%%%c is no conversion: write %%%% for a percent sign", s.verb)
	}
	return s, text[1:], nil
}

func digits(text string) (int, string) {
	end := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.Atoi(text[:end])
	if err != nil && end > 0 {
		n = widest + 1
	}
	return n, text[end:]
}

// value takes the value that is converted.
func (s *spec) value(values *starlark.Tuple, with starlark.Value) (starlark.Value, error) {
	if s.hasKey {
		of, ok := with.(starlark.Mapping)
		if !ok {
			return nil, fmt.Errorf("%%(%s) takes a dictionary", s.key)
		}
		v, found, err := of.Get(starlark.String(s.key))
		if err == nil && !found {
			err = fmt.Errorf("the dictionary has no %q", s.key)
		}
		return v, err
	}
	if len(*values) == 0 {
		return nil, errors.New("fewer values than % takes")
	}
	v := (*values)[0]
	*values = (*values)[1:]
	return v, nil
}

// write appends a value as the conversion says.
func (s *spec) write(b *strings.Builder, v starlark.Value) error {
	layout := "%" + s.flags
	if s.width > 0 {
		layout += strconv.Itoa(s.width)
	}
	if s.precision >= 0 {
		layout += "." + strconv.Itoa(s.precision)
	}
	switch s.verb {
	case 's', 'r', 'c':
		text, isText := starlark.AsString(v)
		if !isText || s.verb == 'r' {
			text = v.String()
		}
		fmt.Fprintf(b, layout+"s", text)
		return nil
	case 'd', 'i', 'u', 'x', 'X', 'o':
		return s.whole(b, layout, v)
	}
	f, ok := starlark.AsFloat(v)
	if !ok {
		return fmt.Errorf("%%%c takes a number, not %s", s.verb, v.Type())
	}
	if s.precision < 0 && strings.ContainsRune("fFeE", rune(s.verb)) {
		layout += ".6"
	}
	if s.precision < 0 && (s.verb == 'g' || s.verb == 'G') {
		layout += ".6"
	}
	fmt.Fprintf(b, layout+string(s.verb), f)
	return nil
}

// whole writes a whole number; a fraction is cut off, as in Python.
func (s *spec) whole(b *strings.Builder, layout string, v starlark.Value) error {
	i, err := starlark.NumberToInt(v)
	if err != nil {
		return fmt.Errorf("%%%c takes a number, not %s", s.verb, v.Type())
	}
	verb := s.verb
	if verb == 'i' || verb == 'u' {
		verb = 'd'
	}
	fmt.Fprintf(b, layout+string(verb), i.BigInt())
	return nil
}
