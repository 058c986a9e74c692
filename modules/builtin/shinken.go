package builtin

import "path"

// replaced says of types of Shinken's modules that no receiver or broker hosts what does their work here. kinds are patterns as
// path.Match has them: the packages (shinken.io) have many of a sort.
type replaced struct {
	does  string
	kinds []string
}

// shinkens are all of them, the first that fits counts. docs/compatibility.md has the same table.
func shinkens() []replaced {
	return []replaced{
		{"not needed: state is always kept", []string{"*retention*"}},
		{"not hosted: the pages (module web) show what it did, or Livestatus with Thruk", []string{"ui_*", "graphite_webui", "pnp_webui", "hokuto", "canopsis", "trending_broker"}},
		{"not hosted: it is a part of Shinken's web pages", []string{"*_webui", "mongodb", "sqlitedb"}},
		{"not needed: module livestatus keeps a history of its own", []string{"logstore_*", "mongo_logs", "mongo-logs"}},
		{"not hosted: graphite, influx or remote_write takes performance data", []string{"npcdmod", "*_perfdata", "perfdata_*"}},
		{"not hosted: simple_log, syslog, ndjson or nats_subject takes events", []string{"raw_tcp", "raw_socket", "send_socket_log", "ndodb_*", "couchdb", "merlindb", "glpidb", "kafka_broker"}},
		{"not needed: pollers run its checks natively", []string{"nrpe_poller", "snmp_poller", "snmp_booster"}},
		{"not hosted: hosts come from object files and dynamic host rules", []string{"*_import", "import-*", "import_*", "glpi", "nagios_sqlite"}},
		{"not hosted: write poller_tag, templates or groups into the object files", []string{"ip_tag", "file_tag", "hack_poller_tag_by_macros"}},
		{"not hosted: write host dependencies into the object files", []string{"hot_dependencies", "vmware_auto_linking"}},
		{"not needed: it does nothing", []string{"dummy_*"}},
	}
}

// insteadOf gives what does the work of a module of Shinken's; ok is false if the type is none that is known.
func insteadOf(kind string) (does string, ok bool) {
	for _, r := range shinkens() {
		for _, pattern := range r.kinds {
			if fits, _ := path.Match(pattern, kind); fits { // no pattern is bad
				return r.does, true
			}
		}
	}
	return "", false
}
