package service

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// mountsKind watches that file systems are mounted, with the options that they should have.
func mountsKind() Kind {
	return Kind{
		Name:     "mounts",
		Sections: []string{"mounts"},
		Discover: discoverMounts,
		Check:    checkMounts,
		Takes: map[string]string{
			"options": "what it should be mounted with: rw,relatime (whatever it is, but not read-only because of errors)",
		},
	}
}

// mounted is a line of /proc/mounts.
type mounted struct {
	point, kind string
	options     []string
}

func mountsIn(s *section.Section) []*mounted {
	var all named[mounted]
	for _, columns := range s.Rows() {
		if len(columns) < 4 {
			continue
		}
		m := mounted{point: unescapeMount(columns[1]), kind: columns[2], options: strings.Split(columns[3], ",")}
		// Of several on one point the last one is seen.
		known, _ := all.get(m.point)
		*known = m
	}
	return all.all
}

// changing are options that differ from one time to the next without anybody's doing.
func changing(option string) bool {
	name, _, _ := strings.Cut(option, "=")
	return slices.Contains([]string{"commit", "localalloc", "subvol", "subvolid"}, name)
}

func discoverMounts(in *Input) []Found {
	var found []Found
	for _, m := range mountsIn(in.first("mounts")) {
		if passing(m.kind) || passingMount(m.point) {
			continue
		}
		options := slices.DeleteFunc(slices.Clone(m.options), changing)
		found = append(found, Found{
			Item: m.point, Description: "Mount options of " + m.point, Options: map[string]string{"options": strings.Join(options, ",")},
		})
	}
	return found
}

func checkMounts(in *Input, r *Report) {
	all := mountsIn(in.first("mounts"))
	at := slices.IndexFunc(all, func(m *mounted) bool { return m.point == in.Item })
	if at < 0 {
		names := make([]string, len(all))
		for i, m := range all {
			names[i] = m.point
		}
		r.Say(monitor.Critical, lacking("mount", in.Item, slices.Values(names)))
		return
	}
	m := all[at]
	expected, given := in.Options["options"]
	if !given {
		if slices.Contains(m.options, "ro") && slices.Contains(m.options, "errors=remount-ro") {
			r.Say(monitor.Critical, "mounted read-only, probably because of errors")
		}
		r.OK(m.kind + " with " + strings.Join(m.options, ","))
		return
	}
	judgeOptions(r, m, strings.Split(expected, ","))
}

func judgeOptions(r *Report, m *mounted, expected []string) {
	differ := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(o string) bool { return o == "" || changing(o) || slices.Contains(b, o) })
	}
	gone, more := differ(expected, m.options), differ(m.options, expected)
	if slices.Contains(more, "ro") {
		r.Say(monitor.Critical, "has switched to read-only and is probably damaged")
	}
	if len(gone) > 0 {
		r.Say(monitor.Warning, "missing: "+strings.Join(gone, ","))
	}
	if len(more) > 0 {
		r.Say(monitor.Warning, "exceeding: "+strings.Join(more, ","))
	}
	if len(gone)+len(more) == 0 {
		r.OK("mounted exactly as expected")
	}
	r.Detail("Options: " + strings.Join(m.options, ","))
}
