package simulate

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// words takes a line apart. What stands in double quotes is one word, with \" for a quote in it; a # in front of a word
// begins a comment.
type words struct {
	text string // what is left
	// quoted says that the last word was in quotes.
	quoted bool
}

// next gives the next word; false at the end.
func (w *words) next() (word string, ok bool, err error) {
	w.text = strings.TrimLeft(w.text, " \t")
	w.quoted = strings.HasPrefix(w.text, `"`)
	switch {
	case w.text == "" || w.text[0] == '#':
		w.text = ""
		return "", false, nil
	case w.quoted:
		return w.inQuotes()
	}
	end := strings.IndexAny(w.text, " \t")
	if end < 0 {
		end = len(w.text)
	}
	word, w.text = w.text[:end], w.text[end:]
	return word, true, nil
}

func (w *words) inQuotes() (word string, ok bool, err error) {
	var b strings.Builder
	for i := 1; i < len(w.text); i++ {
		switch c := w.text[i]; {
		case c == '"':
			w.text = w.text[i+1:]
			if w.text != "" && w.text[0] != ' ' && w.text[0] != '\t' {
				return "", false, fmt.Errorf("a blank is missing behind %q", b.String())
			}
			return b.String(), true, nil
		case c == '\\' && i+1 < len(w.text) && w.text[i+1] == '"':
			i++
			b.WriteByte('"')
		default:
			b.WriteByte(c)
		}
	}
	return "", false, errors.New("a quote is opened and never closed")
}

// rest gives everything up to the end of the line as it stands.
func (w *words) rest() string {
	rest := strings.TrimSpace(w.text)
	w.text = ""
	return rest
}

// end says what there is too much.
func (w *words) end() error {
	word, ok, err := w.next()
	if ok {
		return fmt.Errorf("%q is too much", word)
	}
	return err
}

// message reads a text to the end of the line: one word in quotes, or all words that are left; otherwise where there is
// none.
func (w *words) message(otherwise string) (string, error) {
	word, ok, err := w.next()
	if !ok || err != nil {
		return otherwise, err
	}
	if w.quoted {
		return word, w.end()
	}
	all := []string{word}
	for {
		word, ok, err = w.next()
		if !ok || err != nil {
			return strings.Join(all, " "), err
		}
		all = append(all, word)
	}
}

// lasts reads "for TIME"; 0 if something else comes next, which is left where it is.
func (w *words) lasts() (time.Duration, error) {
	before := w.text
	if word, _, err := w.next(); err != nil || w.quoted || word != "for" {
		w.text = before
		return 0, nil
	}
	word, ok, err := w.next()
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, errors.New(`a time is missing behind "for"`)
	}
	d, err := Duration(word)
	if err == nil && d == 0 {
		err = fmt.Errorf("%q is no time at all", word)
	}
	return d, err
}
