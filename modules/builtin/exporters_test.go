package builtin_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/monitor"
)

func TestNoModuleTakesTheEventLogsPlace(t *testing.T) {
	for name, want := range map[string]string{"event-log": "take another one", "events": ""} {
		known, err := builtin.Verify(&monitor.Module{Name: name, Type: "ndjson"})
		if got := err != nil; !known || got != (want != "") || got && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", name, known, err)
		}
	}
}
