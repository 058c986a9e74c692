package web

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
)

func TestABugInTheAPIIsToldAndIsNotTheEndOfTheDaemon(t *testing.T) {
	var log strings.Builder
	m := &Module{log: slog.New(slog.NewTextHandler(&log, nil)), outlook: modules.Outlook{API: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("of an index")
	})}}
	if _, err := m.mail(t.Context()); err == nil || !strings.Contains(err.Error(), "the API met a bug") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "of an index") {
		t.Errorf("the log says %q", log.String())
	}
}
