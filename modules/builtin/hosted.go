package builtin

import (
	"fmt"
	"strings"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/cmdfile"
	"github.com/onbu/onbu/modules/listen/collectd"
	"github.com/onbu/onbu/modules/listen/http"
	"github.com/onbu/onbu/modules/listen/nrdp"
	"github.com/onbu/onbu/modules/listen/nsca"
	"github.com/onbu/onbu/modules/listen/nscaweb"
	"github.com/onbu/onbu/modules/listen/spooldir"
	"github.com/onbu/onbu/modules/listen/tsca"
	"github.com/onbu/onbu/modules/listen/wsarbiter"
	"github.com/onbu/onbu/monitor"
)

// listening builds a listen module of a type. Mistakes in the settings stay with them.
type listening func(s *modules.Settings, e modules.Env) modules.Listener

// exporting builds an export module of a type.
type exporting func(s *modules.Settings, e modules.Env, o modules.Outlook) modules.Exporter

// listeners are the listen modules by module_type, Shinken's names and ours.
func listeners() map[string]listening {
	return map[string]listening{
		"http_results":      http.New,
		"http":              http.New,
		"nsca":              nsca.New,
		"nsca_server":       nsca.New,
		"nscaweb":           nscaweb.New,
		"web_services":      wsarbiter.New,
		"ws_arbiter":        wsarbiter.New,
		"named_pipe":        cmdfile.Defined,
		"check_results_dir": spooldir.New,
		"tsca":              tsca.New,
		"tsca_server":       tsca.New,
		"nrdp":              nrdp.New,
		"collectd":          collectd.New,
	}
}

// Listen builds the listen module that a definition asks for; modules.ErrNotMine if its type is no listen module's. Any other
// error holds every mistake in the definition, a line each. Building opens nothing.
func Listen(m *monitor.Module, e modules.Env) (modules.Listener, modules.Limits, error) {
	build := listeners()[strings.ToLower(m.Type)]
	if build == nil {
		return nil, modules.Limits{}, fmt.Errorf("%s is no listen module: %w", m.Type, modules.ErrNotMine)
	}
	s := modules.Read(m)
	l, limits := build(s, e), s.Limits()
	if err := s.Err(); err != nil {
		return nil, modules.Limits{}, err
	}
	return l, limits, nil
}

// Export is Listen for export modules.
func Export(m *monitor.Module, e modules.Env, o modules.Outlook) (modules.Exporter, modules.Start, error) {
	build := exporters()[strings.ToLower(m.Type)]
	if build == nil {
		return nil, 0, fmt.Errorf("%s is no export module: %w", m.Type, modules.ErrNotMine)
	}
	s := modules.Read(m)
	if m.Name == EventLog {
		s.Wrong("module_name", "%s is the name of the broker's own event log: take another one", EventLog)
	}
	x, start := build(s, e, o), s.Start()
	if err := s.Err(); err != nil {
		return nil, 0, err
	}
	return x, start, nil
}
