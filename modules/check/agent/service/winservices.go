package service

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"regexp"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// winService is a service of Windows: NAME STATE/START DESCRIPTION.
type winService struct{ name, state, start, description string }

func windowsServices(sec *section.Section) []winService {
	if sec == nil {
		return nil
	}
	var all []winService
	for _, words := range sec.Rows() {
		if len(words) < 2 || len(all) == mostThings {
			continue
		}
		state, start, ok := strings.Cut(words[1], "/")
		if !ok {
			start = "unknown"
		}
		all = append(all, winService{words[0], state, start, strings.Join(words[2:], " ")})
	}
	return all
}

// windowsService is the kind of one service of Windows, or of those that fit an expression. Nobody wants all of a hundred and
// more of them: discovery leaves them to the summary.
func windowsService() Kind {
	return Kind{
		Name: "services", Sections: []string{"services"},
		Takes: map[string]string{
			"state": "the state that is fine (default running)",
			"start": "the way to start that is fine, such as auto or demand (default any)",
			"else":  "state of the check for one that is otherwise (default critical)",
		},
		Discover: func(*Input) []Found { return nil },
		Check:    checkWindowsService,
	}
}

func checkWindowsService(in *Input, r *Report) {
	all := windowsServices(in.Sections.Get("services"))
	fits, err := serviceFits(in.Item)
	if err != nil {
		r.Say(monitor.Unknown, err.Error())
		return
	}
	state, start := in.Options["state"], in.Options["start"]
	if state == "" {
		state = "running"
	}
	other := in.StateOf(r, "else", monitor.Critical)
	fine, found := 0, 0
	for _, s := range all {
		if !fits(s) {
			continue
		}
		found++
		text := fmt.Sprintf("%s: %s (start type is %s)", cmp.Or(s.description, s.name), s.state, s.start)
		switch {
		case s.state != state || start != "" && s.start != start:
			r.Say(other, text)
		case fine < 3:
			fine++
			r.OK(text)
		default:
			fine++
			r.Detail(text)
		}
	}
	switch {
	case found == 0:
		lacks(r, "service", in.Item, namesOfServices(all))
	case fine > 3:
		r.OK(fmt.Sprintf("%d of %d services are as they should be", fine, found))
	}
}

// serviceFits gives the test for an item: a name or a description or, behind a ~, an expression for either that must match from
// the start on.
func serviceFits(item string) (func(s winService) bool, error) {
	expression, ok := strings.CutPrefix(item, "~")
	if !ok {
		return func(s winService) bool { return item != "" && (s.name == item || s.description == item) }, nil
	}
	re, err := regexp.Compile("^(?:" + expression + ")")
	if err != nil {
		return nil, fmt.Errorf("-i %s: %w", item, err)
	}
	return func(s winService) bool { return re.MatchString(s.name) || re.MatchString(s.description) }, nil
}

func namesOfServices(all []winService) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, s := range all {
			if !yield(s.name) {
				return
			}
		}
	}
}

// servicesSummary is the kind of all services of Windows together: those that Windows starts by itself and that do not run.
func servicesSummary() Kind {
	return Kind{
		Name: "services_summary", Sections: []string{"services"},
		Takes: map[string]string{
			"ignore":  "expression for names of services that may be stopped",
			"stopped": "state of the check if others are stopped (default ok: many start when they are needed)",
		},
		Discover: func(in *Input) []Found {
			if len(windowsServices(in.Sections.Get("services"))) == 0 {
				return nil
			}
			return []Found{{Description: "Service Summary"}}
		},
		Check: checkServicesSummary,
	}
}

func checkServicesSummary(in *Input, r *Report) {
	var ignore *regexp.Regexp
	if text := in.Options["ignore"]; text != "" {
		var err error
		if ignore, err = regexp.Compile("^(?:" + text + ")"); err != nil {
			r.Say(monitor.Unknown, "-o ignore="+text+": "+err.Error())
			return
		}
	}
	var stopped []string
	all := windowsServices(in.Sections.Get("services"))
	auto, ignored := 0, 0
	for _, s := range all {
		if s.start != "auto" && s.start != "delayed" {
			continue
		}
		auto++
		switch {
		case s.state != "stopped":
		case ignore != nil && ignore.MatchString(s.name):
			ignored++
		default:
			stopped = append(stopped, s.name)
		}
	}
	r.OK(fmt.Sprintf("%d services, %d start by themselves", len(all), auto))
	l := in.Levels(r, None())
	state := l.State(float64(len(stopped)))
	if len(stopped) > 0 {
		state = worse(state, in.StateOf(r, "stopped", monitor.OK))
	}
	text := fmt.Sprintf("%d of them stopped", len(stopped))
	if len(stopped) > 0 && len(stopped) <= 5 {
		text += ": " + strings.Join(stopped, " ")
	}
	r.Say(state, text)
	for _, name := range stopped {
		r.Detail("stopped: " + name)
	}
	if ignored > 0 {
		r.OK(fmt.Sprintf("%d stopped and ignored", ignored))
	}
	r.Metric(Measured("stopped", float64(len(stopped)), "").By(l).Within(0, math.NaN()))
}
