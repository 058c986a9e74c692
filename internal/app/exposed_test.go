package app

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
)

// No port is opened here: only what is said of an address counts.
func TestWhoMayCommandWithoutAPasswordIsSaid(t *testing.T) {
	for _, tt := range []struct {
		ip    string
		roles []string
		want  string // in the warning; empty for none
	}{
		{"0.0.0.0", Roles(), "give commands, put nodes into maintenance"},
		{"::", Roles(), "give commands, put nodes into maintenance"},
		{"192.0.2.7", []string{"broker"}, "put nodes into maintenance"},
		{"0.0.0.0", []string{"receiver"}, "give commands"},
		{"127.0.0.1", Roles(), ""},
		{"127.0.0.9", Roles(), ""},
		{"::1", Roles(), ""},
		{"0.0.0.0", []string{"poller", "scheduler", "arbiter", "reactionner"}, ""}, // metrics and health
	} {
		var said bytes.Buffer
		warnExposed(&net.TCPAddr{IP: net.ParseIP(tt.ip), Port: 7770}, tt.roles, slog.New(slog.NewTextHandler(&said, nil)))
		if got := said.String(); tt.want == "" && got != "" || !strings.Contains(got, tt.want) || tt.want != "" && !strings.Contains(got, "level=WARN") {
			t.Errorf("%s at %s: it says %q, want %q", tt.roles, tt.ip, got, tt.want)
		}
	}
}
