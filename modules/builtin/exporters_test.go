package builtin_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/monitor"
)

func TestNoModuleTakesTheEventLogsPlace(t *testing.T) {
	for name, want := range map[string]string{"event-log": "take another one", "events": ""} {
		_, _, err := builtin.Export(&monitor.Module{Name: name, Type: "ndjson"}, modules.Env{}, modules.Outlook{})
		if got := err != nil; got != (want != "") || got && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What stands in the log at the start holds no secret.
func TestExportersSayWhereTheyExportTo(t *testing.T) {
	for _, tt := range []struct{ kind, setting, value, want string }{
		{"graphite", "host", "10.0.0.9", "10.0.0.9:2003"},
		{"influxdb", "url", "https://10.0.0.9:8086/api?token=S3cret&db=x", "https://10.0.0.9:8086"},
		{"prometheus_remote_write", "url", "http://10.0.0.9:8428/S3cret/write", "http://10.0.0.9:8428"},
		{"nats_subject", "url", "nats://10.0.0.9:4222", "nats://10.0.0.9:4222"},
		{"syslog", "host", "10.0.0.9", "10.0.0.9:514"},
		{"ndjson", "path", "/tmp/x.ndjson", "/tmp/x.ndjson"},
		{"simple_log", "path", "/tmp/x.log", "/tmp/x.log"},
	} {
		m := &monitor.Module{Name: "out", Type: tt.kind, Settings: []monitor.Setting{{Name: tt.setting, Value: tt.value}}}
		e, _, err := builtin.Export(m, modules.Env{Metrics: metrics.NewSet(), Log: slog.New(slog.DiscardHandler)}, modules.Outlook{})
		if err != nil {
			t.Errorf("%s: %v", tt.kind, err)
			continue
		}
		if several, ok := e.(modules.Several); ok {
			e = several.Parts()[0]
		}
		if to, ok := e.(modules.Bound); !ok || to.To() != tt.want {
			t.Errorf("%s exports to %v, want %q", tt.kind, e, tt.want)
		}
	}
}

func TestABrokerHasPagesUnlessItsConfigurationHasOthers(t *testing.T) {
	for _, tt := range []struct{ kind, want string }{{"graphite", "out pages"}, {"Web", "out"}, {"webui2", "out"}} {
		var got []string
		for _, m := range builtin.WithPages([]monitor.Module{{Name: "out", Type: tt.kind}}) {
			got = append(got, m.Name)
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("with one of type %s: %s, want %s", tt.kind, got, tt.want)
		}
	}
}
