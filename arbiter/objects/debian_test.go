package objects_test

import (
	"os"
	"testing"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/calendar"
)

// Debian's package nagios4 comes with a configuration that nagios4 -v finds nothing wrong with.
func TestDebiansConfigurationLoadsClean(t *testing.T) {
	const path = "/etc/nagios4/nagios.cfg"
	if _, err := os.Stat(path); err != nil {
		realpeer.Skip(t, path+" is not here: apt-get install nagios4")
	}
	c, r := objects.Load(path, objects.Opts{CheckPeriod: calendar.Check})
	for _, p := range r.Problems {
		t.Error(p)
	}
	if got := len(c.Hosts); got != 1 {
		t.Errorf("hosts: got %d, want 1", got)
	}
	if got := len(c.Services); got != 8 {
		t.Errorf("services: got %d, want 8", got)
	}
}
