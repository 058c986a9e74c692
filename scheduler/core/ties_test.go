package core_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

// depends adds a dependency: depends web1/http db1/mysql exec=c,n notify=c inherits=1 period=office
func (w *world) depends(t testing.TB, dependent, master string, set map[string]string) {
	d := monitor.Dependency{
		Execution: options(set["exec"]), Notification: options(set["notify"]),
		Period: w.period(set["period"]), Inherits: set["inherits"] == "1",
	}
	w.late = append(w.late, func(inv *monitor.Inventory) {
		d.Dependent, d.Master = mustFind(t, inv, dependent), mustFind(t, inv, master)
		inv.Dependencies = append(inv.Dependencies, d)
		slices.SortStableFunc(inv.Dependencies, func(a, b monitor.Dependency) int { return cmp.Compare(a.Dependent, b.Dependent) })
	})
}

// serviceParents adds parents of a service: parents web1/shop web1/http db1/mysql
func (w *world) serviceParents(t testing.TB, child string, parents []string) {
	w.late = append(w.late, func(inv *monitor.Inventory) {
		for _, parent := range parents {
			inv.ServiceParents = append(inv.ServiceParents,
				monitor.Edge{Child: mustFind(t, inv, child), Parent: mustFind(t, inv, parent)})
		}
		slices.SortStableFunc(inv.ServiceParents, func(a, b monitor.Edge) int { return cmp.Compare(a.Child, b.Child) })
	})
}

func mustFind(t testing.TB, inv *monitor.Inventory, name string) monitor.ID {
	id, err := find(inv, name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// dependencyOption reads the settings that concern dependencies: option soft_state_dependencies, option
// service_skip_check_host_down_status=-2.
func (w *world) dependencyOption(t testing.TB, word string) bool {
	o := &w.inv.Options
	name, value, _ := strings.Cut(word, "=")
	n, _ := strconv.Atoi(value)
	switch name {
	case "soft_state_dependencies":
		o.SoftStateDependencies = true
	case "predictive":
		o.PredictiveHost, o.PredictiveService = true, true
	case "host_down_disable_service_checks":
		o.SkipHostDown = true
	case "service_skip_check_host_down_status":
		o.SkipHostDownStatus = int8(n)
	case "service_skip_check_dependency_status":
		o.SkipDependencyService = int8(n)
	case "host_skip_check_dependency_status":
		o.SkipDependencyHost = int8(n)
	case "service_skip_check_parent_status":
		o.SkipParent = int8(n)
	default:
		return false
	}
	return true
}

// rule makes an object a business rule: rule shop/pages smart ack 2 of: web1,http | web2,http
func (w *world) rule(t testing.TB, line string) {
	_, rest, _ := strings.Cut(line, " ")
	object, rest, _ := strings.Cut(rest, " ")
	var r monitor.Rule
	rest, r.Smart = strings.CutPrefix(rest, "smart ")
	rest, r.DowntimeAsAck = strings.CutPrefix(rest, "ack ")
	r.Expression = rest
	w.late = append(w.late, func(inv *monitor.Inventory) {
		r.Object = mustFind(t, inv, object)
		if inv.IsHost(r.Object) {
			inv.Hosts[r.Object].Check.Command = monitor.None
		} else {
			inv.Service(r.Object).Check.Command = monitor.None
		}
		inv.Rules = append(inv.Rules, r)
		slices.SortFunc(inv.Rules, func(a, b monitor.Rule) int { return cmp.Compare(a.Object, b.Object) })
	})
}

// template sets business_rule_output_template of a rule: template shop/pages $STATUS$ $($FULLNAME$ )$
func (w *world) template(t testing.TB, line string) {
	_, rest, _ := strings.Cut(line, " ")
	object, text, _ := strings.Cut(rest, " ")
	w.late = append(w.late, func(inv *monitor.Inventory) {
		id := mustFind(t, inv, object)
		i := slices.IndexFunc(inv.Rules, func(r monitor.Rule) bool { return r.Object == id })
		inv.Rules[i].OutputTemplate = text
	})
}

func (w *world) lateGroup(t testing.TB, words []string) {
	w.late = append(w.late, func(inv *monitor.Inventory) {
		list := map[string]*[]monitor.Group{
			"servicegroup": &inv.ServiceGroups, "servicelabel": &inv.ServiceLabels, "hostlabel": &inv.HostLabels, "hosttag": &inv.HostTags,
		}[words[0]]
		g := monitor.Group{Name: words[1]}
		for _, name := range words[2:] {
			g.Members = append(g.Members, mustFind(t, inv, name))
		}
		*list = append(*list, g)
	})
}
