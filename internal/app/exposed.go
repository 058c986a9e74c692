package app

import (
	"log/slog"
	"net"
	"slices"
)

// warnExposed says at the start that whoever reaches a listener may command, as the API has no password. It is no refusal: installations
// that have a proxy or a firewall before it, or are a container, are as they should be.
func warnExposed(at net.Addr, roles []string, log *slog.Logger) {
	if what := exposed(at, roles); what != "" {
		log.Warn("the API has no password: whoever reaches this address may do this without a name; --http 127.0.0.1:7770 keeps it to this machine (docs/api.md)",
			"http", at, "may", what)
	}
}

// exposed says what others than this machine may do at a listener of these roles; nothing where they may read metrics and health at most.
func exposed(at net.Addr, roles []string) string {
	if t, ok := at.(*net.TCPAddr); !ok || t.IP.IsLoopback() {
		return ""
	}
	switch {
	case slices.Contains(roles, "broker") && slices.Contains(roles, "receiver"):
		return "give commands, put nodes into maintenance, reload the configuration"
	case slices.Contains(roles, "broker"):
		return "put nodes into maintenance, reload the configuration"
	case slices.Contains(roles, "receiver"):
		return "give commands, reload the configuration"
	}
	return ""
}
