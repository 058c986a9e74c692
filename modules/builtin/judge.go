package builtin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
	"github.com/onbu/onbu/monitor/nearest"
)

// Judge says what becomes of the definition of a module: what is wrong with it and what doubtful, if a receiver or broker hosts its
// type, and why not, if none does. It opens nothing.
func Judge(m *monitor.Module) monitor.ModuleVerdict { return judge(m, "") }

// JudgeWith is Judge where the pages have their users from a file that their definition does not name.
func JudgeWith(users string) func(*monitor.Module) monitor.ModuleVerdict {
	return func(m *monitor.Module) monitor.ModuleVerdict { return judge(m, users) }
}

func judge(m *monitor.Module, users string) monitor.ModuleVerdict {
	var v monitor.ModuleVerdict
	s, err := modules.Read(m), error(nil)
	switch kind := strings.ToLower(m.Type); {
	case listeners()[kind] != nil:
		v.Hosted = true
		listeners()[kind](s, nowhere())
		s.Limits()
	case exporters()[kind] != nil:
		v.Hosted = true
		env := nowhere()
		env.Users = users
		exporters()[kind](s, env, nothing())
		s.Start()
	default:
		v.Instead, err = instead(kind)
	}
	if v.Hosted {
		v.Doubtful, err = s.Judge()
		v.Ports = s.Ports()
	} else if err != nil {
		err = fmt.Errorf("%s:%d: module %s: %w", m.File, m.Line, m.Name, err)
		if _, ours := errors.AsType[misspelt](err); !ours {
			v.Doubtful, err = []string{err.Error()}, nil
		}
	}
	if err != nil {
		v.Wrong = strings.Split(err.Error(), "\n")
	}
	return v
}

// instead says what does the work of a module of Shinken's that is not hosted. Of other types the error says that there is none, and
// of those that were probably meant to be one of ours it is a misspelt.
func instead(kind string) (string, error) {
	if does, ok := insteadOf(kind); ok {
		return does, nil
	}
	if kind == "" {
		return "", misspelt("it has no module_type: write one, such as nsca or graphite")
	}
	all := slices.Concat(slices.Sorted(maps.Keys(listeners())), slices.Sorted(maps.Keys(exporters())))
	if near := nearest.Of(kind, slices.Values(all)); near != "" {
		return "", misspelt(fmt.Sprintf("there is no module_type %q; did you mean %s?", kind, near))
	}
	return "", fmt.Errorf("module_type %q is none that Onbu has: the module is not hosted", kind)
}

// misspelt is a mistake in a type, as other words that nobody knows are none.
type misspelt string

// Error implements error.
func (m misspelt) Error() string { return string(m) }

// nowhere is what a module is built with that is never to run.
func nowhere() modules.Env {
	return modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}
}

func nothing() modules.Outlook {
	empty := &catalog.Catalog{}
	return modules.Outlook{
		Catalog: func() *catalog.Catalog { return empty },
		View:    func() *view.Snapshot { return &view.Snapshot{} },
		Obey:    func(context.Context, string, string) error { return nil },
	}
}
