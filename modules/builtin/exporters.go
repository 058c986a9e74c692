package builtin

import (
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/graphite"
	"github.com/onbu/onbu/modules/export/livestatus"
	"github.com/onbu/onbu/modules/export/remotewrite"
)

// exporters are the export modules by module_type, Shinken's names and ours.
func exporters() map[string]exporting {
	return map[string]exporting{
		"graphite":                graphite.New,
		"graphite_perfdata":       graphite.New,
		"livestatus":              livestatus.New,
		"prometheus_remote_write": newRemoteWrite,
		"remote_write":            newRemoteWrite,
	}
}

func newRemoteWrite(s *modules.Settings, e modules.Env, o modules.Outlook) modules.Exporter {
	return remotewrite.New(s, e, o)
}
