package objects

import (
	"fmt"
	"strconv"
	"strings"
)

// instance is one service that duplicate_foreach makes: what stands for $KEY$, $VALUE$, $VALUE1$ …
type instance struct {
	key    string
	values []string
}

// maxInstances bounds how many services one list may make, so that [1-999999999] does no harm.
const maxInstances = 100000

// maxKey bounds the length of an entry's name.
const maxKey = 1000

// multiply makes a service for each entry of a custom variable of the host (Shinken's duplicate_foreach): "_disks C, D$(90)$"
// with "!" before a name in _!disks leaving entries out. A host without the variable gets none.
func (l *loader) multiply(v *view, p place, each value) {
	host := &l.config.Hosts[p.host]
	name := strings.ToUpper(strings.TrimPrefix(trim(each.s), "_"))
	list, ok := varOf(host, name)
	if !ok {
		return
	}
	not, _ := varOf(host, "!"+name)
	skip := map[string]bool{}
	for _, w := range words(not) {
		skip[w] = true
	}
	made, err := entries(list, v.str(keyDefaultValue))
	if err != nil {
		l.errorAt(host.Pos, "_%s of host %q, for service %q: %v", name, host.Name, v.str(keyServiceDescription), err)
		return
	}
	for _, in := range made {
		if skip[in.key] {
			continue
		}
		l.instances = append(l.instances, in)
		p.instance = uint32(len(l.instances))
		l.placed = append(l.placed, p)
	}
}

func varOf(h *Host, name string) (string, bool) {
	i, ok := findVar(h.Vars, name)
	if !ok {
		return "", false
	}
	return h.Vars[i].Value, true
}

// entries reads a list such as "C, D$(90)$$(95)$, eth[0-3]". fallback stands in for a first value that is missing.
func entries(list, fallback string) ([]instance, error) {
	var out []instance
	for rest := list; trim(rest) != ""; {
		var entry string
		entry, rest = nextEntry(rest)
		if trim(entry) == "" {
			continue
		}
		in, err := oneEntry(trim(entry), fallback)
		if err != nil {
			return nil, err
		}
		keys, err := ranges(in.key, maxInstances-len(out))
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			out = append(out, instance{k, in.values})
		}
	}
	return out, nil
}

// nextEntry cuts the list at the first comma that is not inside $(…)$.
func nextEntry(list string) (entry, rest string) {
	inside := false
	for i := 0; i < len(list); i++ {
		switch {
		case strings.HasPrefix(list[i:], "$("):
			inside = true
		case strings.HasPrefix(list[i:], ")$"):
			inside = false
		case list[i] == ',' && !inside:
			return list[:i], list[i+1:]
		}
	}
	return list, ""
}

// oneEntry reads "key$(value1)$$(value2)$".
func oneEntry(entry, fallback string) (instance, error) {
	key, rest, _ := strings.Cut(entry, "$(")
	in := instance{key: trim(key)}
	for rest != "" {
		value, more, ok := strings.Cut(rest, ")$")
		if !ok {
			return in, fmt.Errorf("%q has a $( without )$", entry)
		}
		in.values = append(in.values, value)
		more = trim(more)
		if more != "" && !strings.HasPrefix(more, "$(") {
			return in, fmt.Errorf("%q goes on after )$: part entries with commas", entry)
		}
		rest = strings.TrimPrefix(more, "$(")
	}
	if len(in.values) == 0 {
		in.values = []string{fallback}
	}
	return in, nil
}

// ranges writes a key with [x-y] in it out, each with each.
func ranges(key string, most int) ([]string, error) {
	if len(key) > maxKey {
		return nil, fmt.Errorf("an entry has more than %d letters", maxKey)
	}
	open := strings.IndexByte(key, '[')
	end := strings.IndexByte(key, ']')
	if open < 0 || end < open {
		return []string{key}, nil
	}
	from, to, ok := strings.Cut(key[open+1:end], "-")
	x, errX := strconv.Atoi(from)
	y, errY := strconv.Atoi(to)
	if !ok || errX != nil || errY != nil || y < x {
		return nil, fmt.Errorf("%q has something in [ ] that is not a range like [1-10]", key)
	}
	tails, err := ranges(key[end+1:], most)
	if err != nil {
		return nil, err
	}
	if y-x >= most || (y-x+1)*len(tails) > most {
		return nil, fmt.Errorf("%q makes more than %d services", key, maxInstances)
	}
	var out []string
	for n := x; n <= y; n++ {
		for _, tail := range tails {
			out = append(out, fmt.Sprintf("%s%0*d%s", key[:open], padding(from), n, tail))
		}
	}
	return out, nil
}

// padding is the width of numbers that are written with zeros in front.
func padding(from string) int {
	if len(from) > 1 && from[0] == '0' {
		return len(from)
	}
	return 1
}

// expand puts the values of an instance where their names stand in dollar signs.
func (l *loader) expand(s string, p place) string {
	if p.instance == 0 || !strings.Contains(s, "$") {
		return s
	}
	in := &l.instances[p.instance-1]
	return in.expand(s, in.key, in.values)
}

func (in *instance) expand(s, key string, values []string) string {
	s = strings.ReplaceAll(s, "$KEY$", key)
	s = strings.ReplaceAll(s, "$VALUE$", values[0])
	for i, v := range values {
		s = strings.ReplaceAll(s, "$VALUE"+strconv.Itoa(i+1)+"$", v)
	}
	return s
}

// descriptionOf gives the description of a service; what duplicate_foreach puts into it loses the characters that names
// must not have (shinken/objects/service.py, duplicate).
func (l *loader) descriptionOf(v *view, p place) string {
	s := v.str(keyServiceDescription)
	if p.instance == 0 {
		return s
	}
	in := &l.instances[p.instance-1]
	values := make([]string, len(in.values))
	for i := range values {
		values[i] = safe(in.values[i])
	}
	return in.expand(s, safe(in.key), values)
}

// safe writes one underscore for each run of characters that names must not have.
func safe(s string) string {
	if !strings.ContainsAny(s, illegalChars) {
		return s
	}
	var b strings.Builder
	run := false
	for _, r := range s {
		bad := strings.ContainsRune(illegalChars, r)
		if bad && !run {
			b.WriteByte('_')
		}
		if !bad {
			b.WriteRune(r)
		}
		run = bad
	}
	return b.String()
}
