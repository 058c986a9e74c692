package builtin_test

import (
	"strings"
	"testing"

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
