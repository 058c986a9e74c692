package builtin

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/export/graphite"
	"github.com/onbu/onbu/modules/export/influx"
	"github.com/onbu/onbu/modules/export/livestatus"
	"github.com/onbu/onbu/modules/export/nats"
	"github.com/onbu/onbu/modules/export/ndjson"
	"github.com/onbu/onbu/modules/export/remotewrite"
	"github.com/onbu/onbu/modules/export/simplelog"
	"github.com/onbu/onbu/modules/export/syslog"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/monitor"
)

// EventLog is the name of the export module that writes a broker's own event log; no definition may have it, since names are places.
const EventLog = "event-log"

// Pages is the name of the module of type web that a broker hosts whose configuration has none.
const Pages = "pages"

// WithPages gives the modules of a broker with one more, the pages, unless there is one of that type.
func WithPages(all []monitor.Module) []monitor.Module {
	for i := range all {
		switch strings.ToLower(all[i].Type) {
		case "web", "webui", "webui2":
			return all
		}
	}
	return append(slices.Clip(all), monitor.Module{Name: Pages, Type: "web"})
}

// exporters are the export modules by module_type, Shinken's names and ours.
func exporters() map[string]exporting {
	return map[string]exporting{
		"graphite":                graphite.New,
		"graphite_perfdata":       graphite.New,
		"influx":                  influx.New,
		"influxdb":                influx.New,
		"livestatus":              livestatus.New,
		"nats_subject":            nats.New,
		"ndjson":                  ndjson.Defined,
		"prometheus_remote_write": remotewrite.New,
		"remote_write":            remotewrite.New,
		"simple_log":              simplelog.New,
		"syslog":                  syslog.New,
		"web":                     web.New,
		"webui":                   web.New,
		"webui2":                  web.New,
	}
}
