package web

import (
	"net/http"
	"strings"
)

// mostFields bounds the fields of a form.
const mostFields = 1 << 16

// Form is the fields of a form in the order sent.
type Form []Field

// Field is one of them.
type Field struct{ Name, Value string }

// Form reads the fields of the address and those of the body, sent as forms are, in this order. release and errors are Body's.
//
// It is as lenient as PHP and CherryPy are, because senders are scripts that hardly encode anything: ";" parts no fields, and a
// "%" that begins no escape stands for itself.
func (s *Server) Form(w http.ResponseWriter, r *http.Request) (f Form, release func(), err error) {
	body, release, err := s.Body(w, r)
	if err != nil {
		return nil, release, err
	}
	f, whole := f.add(r.URL.RawQuery)
	if whole {
		f, whole = f.add(string(body))
	}
	if !whole {
		return nil, release, &Fault{http.StatusRequestEntityTooLarge, "too many fields: send it in parts", "size"}
	}
	return f, release, nil
}

func (f Form) add(text string) (Form, bool) {
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if len(f) == mostFields {
			return f, false
		}
		name, value, _ := strings.Cut(pair, "=")
		f = append(f, Field{unescape(name), unescape(value)})
	}
	return f, true
}

func unescape(text string) string {
	if !strings.ContainsAny(text, "+%") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '+' {
			c = ' '
		} else if c == '%' && i+2 < len(text) {
			high, low := hex(text[i+1]), hex(text[i+2])
			if high >= 0 && low >= 0 {
				c, i = byte(high<<4|low), i+2
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Get gives the last field of a name, as PHP does; otherwise where there is none.
func (f Form) Get(name, otherwise string) string {
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].Name == name {
			return f[i].Value
		}
	}
	return otherwise
}

// All gives all fields of a name.
func (f Form) All(name string) []string {
	var all []string
	for _, field := range f {
		if field.Name == name {
			all = append(all, field.Value)
		}
	}
	return all
}
