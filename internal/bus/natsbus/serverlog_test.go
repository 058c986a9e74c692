package natsbus

import (
	"log/slog"
	"strings"
	"testing"
)

func TestIndexesThatAKillLeftBehindAreNoWarning(t *testing.T) {
	var b strings.Builder
	l := serverLog{log: slog.New(slog.NewTextHandler(&b, nil))}
	l.Warnf("Filestore [%s] Stream state outdated, found extra blocks, will rebuild", "EV")
	if got := b.String(); !strings.Contains(got, "level=INFO") || !strings.Contains(got, "normal after a kill") {
		t.Error(got)
	}
	b.Reset()
	l.Warnf("Filestore [%s] hash mismatch", "EV")
	if got := b.String(); !strings.Contains(got, "level=WARN") {
		t.Error(got)
	}
}
