package builtin

import (
	"github.com/onbu/onbu/modules/export/graphite"
	"github.com/onbu/onbu/modules/export/influx"
	"github.com/onbu/onbu/modules/export/livestatus"
	"github.com/onbu/onbu/modules/export/nats"
	"github.com/onbu/onbu/modules/export/ndjson"
	"github.com/onbu/onbu/modules/export/remotewrite"
	"github.com/onbu/onbu/modules/export/simplelog"
	"github.com/onbu/onbu/modules/export/syslog"
)

// EventLog is the name of the export module that writes a broker's own event log; no definition may have it, since names are places.
const EventLog = "event-log"

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
	}
}
