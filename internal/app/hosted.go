package app

import (
	"log/slog"
	"path/filepath"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/monitor"
)

// listener gives what builds the listen modules that the configuration asks for.
func (a *part) listener(log *slog.Logger) func(*monitor.Module) (modules.Listener, modules.Limits, error) {
	return func(m *monitor.Module) (modules.Listener, modules.Limits, error) {
		return builtin.Listen(m, a.env(m, log))
	}
}

// exporter gives what builds the export modules that the configuration asks for.
func (a *part) exporter(log *slog.Logger) func(*monitor.Module, modules.Outlook) (modules.Exporter, modules.Start, error) {
	return func(m *monitor.Module, o modules.Outlook) (modules.Exporter, modules.Start, error) {
		return builtin.Export(m, a.env(m, log), o)
	}
}

// env is what a hosted module gets. Its folder is named so that no name can be a path.
func (a *part) env(m *monitor.Module, log *slog.Logger) modules.Env {
	return modules.Env{
		Log: log.With("module", m.Name), Metrics: a.metrics, State: filepath.Join(a.o.State, "modules", bus.Token(m.Name)),
		Users: filepath.Join(a.o.State, "users"),
	}
}
