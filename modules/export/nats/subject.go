package nats

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/onbu/onbu/monitor/brokjson"
)

// longest is how many bytes of a subject a name may take.
const longest = 200

// subject gives PREFIX.KIND.HOST.SERVICE, without what the event has not.
func subject(prefix string, e *brokjson.Event) string {
	s := prefix + "." + e.Kind
	if e.Host != "" {
		s += "." + word(e.Host)
	}
	if e.Service != "" {
		s += "." + word(e.Service)
	}
	return s
}

// word makes a word of a subject of any name: letters, digits, - and _ stay as they are, every other byte becomes %XX as in
// a URL. A name that would be too long becomes %% and a part of its SHA-256.
func word(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 && len(name) <= longest {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if plain(rune(name[i])) {
			b.WriteByte(name[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", name[i])
		}
		if b.Len() > longest {
			sum := sha256.Sum256([]byte(name))
			return fmt.Sprintf("%%%%%x", sum[:16])
		}
	}
	return b.String()
}

func plain(r rune) bool {
	return r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// covers says whether a pattern of a stream, with * and >, fits a subject.
func covers(pattern, subject string) bool {
	for {
		p, morePattern, patternGoesOn := strings.Cut(pattern, ".")
		s, moreSubject, subjectGoesOn := strings.Cut(subject, ".")
		switch {
		case p == ">":
			return true
		case p != "*" && p != s, patternGoesOn != subjectGoesOn:
			return false
		case !patternGoesOn:
			return true
		}
		pattern, subject = morePattern, moreSubject
	}
}
