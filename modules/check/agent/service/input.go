package service

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// first gives the first of the sections that the host has; an empty one if it has none of them.
func (in *Input) first(names ...string) *section.Section {
	for _, name := range names {
		if s := in.Sections.Get(name); s != nil {
			return s
		}
	}
	return &section.Section{}
}

// flag gives the option -o NAME=yes or NAME=no, or the other if it is not there.
func (in *Input) flag(r *Report, name string, other bool) bool {
	switch text, ok := in.Options[name]; {
	case !ok:
		return other
	case text == "yes" || text == "1":
		return true
	case text == "no" || text == "0":
		return false
	default:
		r.Say(monitor.Unknown, fmt.Sprintf("-o %s=%s: it is yes or no", name, text))
		return other
	}
}

// named are things by their names, in the order in which the names came first. An agent may name a million of them.
type named[T any] struct {
	all []*T
	at  map[string]int
}

// get gives the thing of that name, a new one if there was none. fresh says that it is new.
func (n *named[T]) get(name string) (one *T, fresh bool) {
	if at, ok := n.at[name]; ok {
		return n.all[at], false
	}
	if n.at == nil {
		n.at = map[string]int{}
	}
	one = new(T)
	n.at[name] = len(n.all)
	n.all = append(n.all, one)
	return one, true
}

// pick gives the thing that the item names, or says that there is none, and which there are. what is the word for one.
func pick[T any](in *Input, r *Report, what string, all []T, name func(T) string) (one T, ok bool) {
	names := make([]string, len(all))
	for i, t := range all {
		if names[i] = name(t); names[i] == in.Item {
			return t, true
		}
	}
	lacks(r, what, in.Item, slices.Values(names))
	return one, false
}

// leading reads the number that a text begins with, and gives what follows it.
func leading(text string) (v float64, rest string, ok bool) {
	end := 0
	digits := func() {
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
	}
	if end < len(text) && (text[end] == '-' || text[end] == '+') {
		end++
	}
	digits()
	if end < len(text) && text[end] == '.' {
		end++
		digits()
	}
	if mantissa := end; end < len(text) && (text[end] == 'e' || text[end] == 'E') {
		end++
		if end < len(text) && (text[end] == '-' || text[end] == '+') {
			end++
		}
		from := end
		if digits(); end == from {
			end = mantissa
		}
	}
	v, ok = numeral(text[:end])
	return v, text[end:], ok
}

// moment reads seconds since 1970, as agents write them.
func moment(text string) (time.Time, bool) {
	v, ok := numeral(text)
	if !ok || v <= 0 || v >= 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(v), int64((v-float64(int64(v)))*1e9)), true
}

// cachedPrefix takes cached(T,I) off a line: when its data were made, and for how long they are good. at is zero if there is none.
func cachedPrefix(line string) (at time.Time, valid time.Duration, rest string) {
	inner, found := strings.CutPrefix(line, "cached(")
	if !found {
		return at, 0, line
	}
	inner, rest, found = strings.Cut(inner, ")")
	made, interval, both := strings.Cut(inner, ",")
	t, ok := moment(made)
	seconds, fine := numeral(interval)
	if !found || !both || !ok || !fine || seconds < 0 || seconds > 1e9 {
		return at, 0, line
	}
	return t, time.Duration(seconds * float64(time.Second)), strings.TrimLeft(rest, " ")
}

// Data that the agent made earlier are outdated after so many of their intervals, a short one counting as leastInterval: agents
// renew such data only when they are asked, so they are as old as the time between two looks.
const (
	staleAfter    = 3
	leastInterval = 5 * time.Minute
)

// staleHelp is the word on the option that age reads.
const staleHelp = "UNKNOWN for data older than so many of their intervals, or of 5 minutes if that is more (3; 0: never)"

// age says how old data are that the agent made earlier. When they are outdated nobody knows how things are: an agent shows the
// last ones for ever. Those that are newer than at the last look never are. key tells the data of one service from others.
func (in *Input) age(r *Report, key string, at time.Time, valid time.Duration) {
	if at.IsZero() || valid <= 0 {
		return
	}
	most := float64(staleAfter)
	if option, ok := in.Options["stale"]; ok {
		if most, ok = numeral(option); !ok || most < 0 {
			r.Say(monitor.Unknown, fmt.Sprintf("-o stale=%s: it is a number of intervals", option))
		}
	}
	old := max(in.Now.Sub(at), 0)
	text := fmt.Sprintf("made %s ago, every %s", showSpan(old.Seconds()), showSpan(valid.Seconds()))
	newer, seen := in.Counters.Rate("made."+key, float64(at.Unix()), in.Now, 0)
	if most > 0 && old.Seconds() > most*max(valid, leastInterval).Seconds() && !(seen && newer > 0) {
		r.Say(monitor.Unknown, "outdated: "+text)
		return
	}
	r.Detail(text)
}

// pattern is what an option names: a text that must be equal, or behind ~ a regular expression that must match from the start.
type pattern struct {
	text    string
	matches func(string) bool
}

// matching reads the option NAME=TEXT or NAME=~REGEX. Without it nothing matches and given is false.
func (in *Input) matching(r *Report, name string) (p pattern, given bool) {
	text, given := in.Options[name]
	p.text = text
	expression, regex := strings.CutPrefix(text, "~")
	if !regex {
		p.matches = func(s string) bool { return given && s == text }
		return p, given
	}
	re, err := compiled(expression)
	if err != nil {
		r.Say(monitor.Unknown, fmt.Sprintf("-o %s=%s: %v", name, text, err))
		p.matches = func(string) bool { return false }
		return p, given
	}
	p.matches = re.MatchString
	return p, given
}
