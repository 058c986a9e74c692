package outbound

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Label is a name and a value that points carry besides whose they are: a label of Prometheus, a tag of InfluxDB.
type Label struct{ Name, Value string }

// Labels are those that the user wants on every point: fixed ones, and custom variables of the object or its host.
type Labels struct {
	fixed   []Label
	vars    []variable
	catalog func() *catalog.Catalog
}

// variable is a custom variable and the name of the label that it becomes.
type variable struct{ name, label string }

// ReadLabels reads the settings NAME, of which there may be several (site=fra), and NAME_vars (words: _RACK, TEAM). taken are names
// that points have anyway.
func ReadLabels(s *modules.Settings, o modules.Outlook, name string, taken ...string) Labels {
	l := Labels{catalog: o.Catalog}
	known := slices.Clone(taken)
	for _, line := range s.All(name) {
		label, value, ok := strings.Cut(line.Value, "=")
		if label, value = strings.TrimSpace(label), strings.TrimSpace(value); !ok || value == "" || !isName(label) {
			s.WrongAt(line, "%q: write it as name=value; the name has letters, digits and _ only", line.Value)
			continue
		}
		if slices.Contains(known, label) {
			s.WrongAt(line, "there is a %s already", label)
			continue
		}
		known = append(known, label)
		l.fixed = append(l.fixed, Label{label, value})
	}
	for _, word := range s.Words(name + "_vars") {
		of := strings.ToUpper(strings.TrimPrefix(word, "_"))
		label := strings.ToLower(of)
		switch {
		case !isName(label):
			s.Wrong(name+"_vars", "%s: only a custom variable with letters, digits and _ can be one", word)
		case slices.Contains(taken, label):
			s.Wrong(name+"_vars", "%s: there is a %s already", word, label)
		default:
			l.vars = append(l.vars, variable{of, label})
		}
	}
	slices.SortFunc(l.fixed, byName)
	return l
}

// Of gives the labels of an object, sorted by name. What a custom variable of the object says, or else one of its host, comes
// before a fixed label. The slice is to be read only.
func (l *Labels) Of(r monitor.Ref) []Label {
	if len(l.vars) == 0 {
		return l.fixed
	}
	c, all := l.catalog(), slices.Clone(l.fixed)
	for _, v := range l.vars {
		value, ok := c.Var(r, v.name)
		if !ok && !r.IsHost() {
			value, ok = c.Var(monitor.Ref{Host: r.Host}, v.name)
		}
		if !ok || value == "" {
			continue
		}
		all = slices.DeleteFunc(all, func(other Label) bool { return other.Name == v.label })
		all = append(all, Label{v.label, value})
	}
	slices.SortFunc(all, byName)
	return all
}

func byName(a, b Label) int { return cmp.Compare(a.Name, b.Name) }

// isName says whether Prometheus would take it as the name of a label.
func isName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != "" && !strings.HasPrefix(name, "__")
}
