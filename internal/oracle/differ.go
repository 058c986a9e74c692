package oracle

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Tally counts what was compared.
type Tally struct {
	// Fired says by name how often a rule explained something.
	Fired map[string]int
	// Seconds counts each second of each object, Apart those in which an object was not compared after such a difference.
	Seconds, Apart int
}

// Add adds what another tally has counted.
func (t *Tally) Add(o *Tally) {
	if t.Fired == nil {
		t.Fired = make(map[string]int)
	}
	for name, n := range o.Fired {
		t.Fired[name] += n
	}
	t.Seconds += o.Seconds
	t.Apart += o.Apart
}

// comparison goes through a sequence with what Nagios and what Onbu said side by side.
type comparison struct {
	tally *Tally

	nagios, onbu *Sequence
	step         int
	// The present of each object, field by field: Nagios', Onbu's, and Onbu's a second before.
	want, got, before map[string]fields
	// free holds the fields in which an object may differ until both are equal again.
	free map[string]map[string]bool
	// apart holds the objects that may differ in everything until both are well and equal again.
	apart map[string]bool
}

// fields are the parts of a present: state, type, attempt, and those that are named.
type fields map[string]string

func fieldsOf(present string) fields {
	words := strings.Fields(present)
	f := fields{"state": words[0], "type": words[1], "attempt": words[2]}
	for _, word := range words[3:] {
		key, value, _ := strings.Cut(word, "=")
		f[key] = cmp.Or(value, "yes")
	}
	return f
}

// Difference is where Onbu and Nagios part at an object.
type Difference struct {
	*comparison
	Object string
	// Missing are lines that Nagios logged and Onbu did not, Extra the other way round.
	Missing, Extra []string
	// Fields are those of the present that differ, each with Nagios' value and Onbu's; empty where there is none.
	Fields map[string][2]string
}

// Compare gives what no rule explains at the first second that has such a thing, nil if there is none. It adds to the
// tally.
func Compare(nagios, onbu *Sequence, tally *Tally) []*Difference {
	c := &comparison{
		tally: tally, nagios: nagios, onbu: onbu,
		want: make(map[string]fields), got: make(map[string]fields), before: make(map[string]fields),
		free: make(map[string]map[string]bool), apart: make(map[string]bool),
	}
	for c.step = range nagios.Seconds {
		if left := c.compare(); len(left) > 0 {
			return left
		}
	}
	return nil
}

// compare gives what no rule explains in the present step.
func (c *comparison) compare() (left []*Difference) {
	want, got := &c.nagios.Seconds[c.step], &c.onbu.Seconds[c.step]
	maps.Copy(c.before, c.got)
	take(c.want, want.Present)
	take(c.got, got.Present)
	for _, name := range slices.Sorted(maps.Keys(c.want)) {
		d := &Difference{comparison: c, Object: name, Fields: make(map[string][2]string)}
		d.Missing = without(c.about(want.Log, name), c.about(got.Log, name))
		d.Extra = without(c.about(got.Log, name), c.about(want.Log, name))
		c.differ(d)
		c.tally.Seconds++
		if c.apart[name] {
			c.tally.Apart++
			c.join(d)
			continue
		}
		for i := range rules {
			if d.any() && rules[i].explains(d) {
				c.tally.Fired[rules[i].Name]++
			}
		}
		if d.any() && !c.apart[name] {
			left = append(left, d)
		}
	}
	return left
}

// join ends that an object may differ in everything: once it is well on both sides and nothing is left of the problem.
// What flap detection remembers may differ for longer.
func (c *comparison) join(d *Difference) {
	if _, differs := d.Fields["change"]; differs {
		d.frees("change")
	}
	want, got := c.want[d.Object], c.got[d.Object]
	well := func(f fields) bool {
		return (f["state"] == "OK" || f["state"] == "UP") && f["type"] == "HARD" && f["told"] == "" && f["acked"] == ""
	}
	if !d.any() && well(want) && well(got) {
		delete(c.apart, d.Object)
	}
}

// frees lets a field of the object differ until it is equal again, and takes it out of the difference.
func (d *Difference) frees(field string) {
	if d.free[d.Object] == nil {
		d.free[d.Object] = make(map[string]bool)
	}
	d.free[d.Object][field] = true
	delete(d.Fields, field)
}

func take(all map[string]fields, changed map[string]string) {
	for name, present := range changed {
		all[name] = fieldsOf(present)
	}
}

// differ finds the fields that are not equal; those that are free and equal again are not free any more.
func (c *comparison) differ(d *Difference) {
	want, got, free := c.want[d.Object], c.got[d.Object], c.free[d.Object]
	for field := range union(want, got) {
		switch equal := want[field] == got[field]; {
		case !equal && !free[field]:
			d.Fields[field] = [2]string{want[field], got[field]}
		case equal:
			delete(free, field)
		}
	}
}

func union(a, b fields) map[string]bool {
	all := make(map[string]bool)
	for key := range a {
		all[key] = true
	}
	for key := range b {
		all[key] = true
	}
	return all
}

// about gives the lines that are about an object; attempts that may differ are not in them.
func (c *comparison) about(log []string, name string) (lines []string) {
	for _, line := range log {
		words := strings.Fields(line)
		if words[0] == "told" && words[2] != name || words[0] != "told" && words[1] != name {
			continue
		}
		if len(words) == 5 && c.free[name]["attempt"] {
			line = strings.Join(words[:4], " ")
		}
		lines = append(lines, line)
	}
	return lines
}

// without gives the lines that are not among the others, each as often as it is missing.
func without(lines, others []string) (left []string) {
	others = slices.Clone(others)
	for _, line := range lines {
		if i := slices.Index(others, line); i >= 0 {
			others = slices.Delete(others, i, i+1)
		} else {
			left = append(left, line)
		}
	}
	return left
}

func (d *Difference) any() bool { return len(d.Missing)+len(d.Extra)+len(d.Fields) > 0 }

// Step gives how many seconds were alike.
func (d *Difference) Step() int { return d.step }

// Event gives what came in.
func (d *Difference) Event() string { return d.nagios.Seconds[d.step].Event }

// Kind gives the difference without names: what differences of the same kind have in common.
func (d *Difference) Kind() string {
	var words []string
	for _, line := range d.Missing {
		words = append(words, "nagios: "+d.anonymous(line))
	}
	for _, line := range d.Extra {
		words = append(words, "onbu: "+d.anonymous(line))
	}
	for field, values := range d.Fields {
		if field != "change" && field != "told" && field != "attempt" {
			field += " " + values[0] + "/" + values[1]
		}
		words = append(words, field)
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ", ")
}

func (d *Difference) anonymous(line string) string {
	words := strings.Fields(line)
	if words[0] == "told" {
		words = slices.Delete(words, 1, 2)
	}
	words[1] = "SERVICE"
	if !strings.Contains(line, "/") {
		words[1] = "HOST"
	}
	return strings.Join(words, " ")
}
