package piggyback

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/onbu/onbu/monitor"
)

// maxName bounds the name of a host, as Checkmk does.
const maxName = 240

// MostMapped is how many hosts a map may give one name to. The loader refuses more.
const MostMapped = 64

// Translate turns a name as it stands in the output of a source into the names of hosts: case, domain, expressions, map,
// then white space and characters that no name has. A Taken name has at least one target, any other none. Speaker.Translate
// does the same and remembers.
func (r *Rules) Translate(source string, raw []byte) (targets []string, v Verdict) {
	s := r.stepsFor(source)
	return s.translate(raw)
}

func (s *steps) translate(raw []byte) ([]string, Verdict) {
	if len(raw) > maxRaw {
		return nil, Ignored
	}
	var targets []string
	own, refused := false, false
	names, mapped := s.rename(decode(raw))
	for _, name := range names {
		name, ok := clean(name, mapped)
		switch {
		case !ok:
		case name == s.source:
			own = true
		case !s.maySpeakFor(name):
			refused = true
		case !has(targets, name):
			targets = append(targets, name)
		}
	}
	switch {
	case len(targets) > 0:
		// A map may name the source beside others; then they all get it, the source as a target like any other.
		if own {
			targets = append(targets, s.source)
		}
		return targets, Taken
	case own:
		return nil, Own
	case refused:
		return nil, Refused
	}
	return nil, Ignored
}

func has(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// decode reads a name as UTF-8, or else as Latin-1, as Checkmk does.
func decode(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	var b strings.Builder
	for _, c := range raw {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// rename does the steps that a configuration asks for. It gives at least one name, which may be none, and says whether a map has it.
func (s *steps) rename(name string) (names []string, mapped bool) {
	switch s.letters {
	case monitor.CaseLower:
		name = strings.ToLower(name)
	case monitor.CaseUpper:
		name = strings.ToUpper(name)
	}
	if s.domain {
		name = dropDomain(name)
	}
	for _, r := range s.regexes {
		if m := r.expr.FindStringSubmatch(name); m != nil {
			name = fill(r.to, m)
			break
		}
	}
	for _, m := range s.names {
		if m.From == name {
			names = strings.Split(m.To, ",")
			return names[:min(len(names), MostMapped)], true
		}
	}
	return []string{name}, false
}

// dropDomain cuts a name at its first dot; an address stays as it is.
func dropDomain(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	short, _, _ := strings.Cut(name, ".")
	return short
}

// fill puts the groups of a match in the places of \1 to \9 of a replacement; a group that took no part is empty. It differs
// from Checkmk, which replaces one group after the other, in what a group's own text holds: that is never replaced again, so
// that no name can blow itself up. There, too, \10 is group 1 and a "0".
func fill(to string, groups []string) string {
	var b strings.Builder
	for i := 0; i < len(to); i++ {
		if to[i] == '\\' && i+1 < len(to) && to[i+1] >= '1' && int(to[i+1]-'0') < len(groups) {
			b.WriteString(groups[to[i+1]-'0'])
			i++
			continue
		}
		b.WriteByte(to[i])
	}
	return b.String()
}

// clean makes a host's name of a translated one: without white space around it, and with "_" for characters that no name
// has, unless a map wrote it. It says whether it can be one.
func clean(name string, mapped bool) (string, bool) {
	name = strings.TrimSpace(name)
	if mapped && IsMapped(name) {
		return name, true
	}
	if !isClean(name) {
		name = strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf && nameByte(byte(r)) {
				return r
			}
			return '_'
		}, name)
	}
	return name, IsName(name)
}

// IsName says whether a text can be the name of a host that payloads are for: letters, digits, "-", "_" and ".", at most
// 240, and not "-" or "." at the beginning.
func IsName(name string) bool {
	return name != "" && len(name) <= maxName && name[0] != '-' && name[0] != '.' && isClean(name)
}

// IsMapped says whether a text can be the name of a host that payloads are for if a map says so: a host of Nagios may be called
// "Büro Server". The loader asks besides that there is such a host.
func IsMapped(name string) bool {
	return name != "" && len(name) <= maxName && name[0] != '-' && name[0] != '.' && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

func isClean(name string) bool {
	for i := range len(name) {
		if !nameByte(name[i]) {
			return false
		}
	}
	return true
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}
