package console_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

func TestReloadReportNamesArbitersWithOtherFiles(t *testing.T) {
	r := &api.Reload{
		Arbiter: "alpha", Main: "/etc/onbu/nagios.cfg", Generation: 2, Shards: 16, Hosts: 9, Services: 20,
		Daemons: []api.Adopted{{Role: "scheduler", Node: "alpha", Generation: 2}}, Unlike: []string{"beta"},
	}
	var b strings.Builder
	console.ReloadReport(&b, r, false)
	want := strings.TrimPrefix(`
generation 2 is in force: 0 of 16 shards changed (9 hosts, 20 services, warnings: 0), from /etc/onbu/nagios.cfg of arbiter alpha
in use by 1 of 1 scheduler
the files of beta are others, and not in force: copy them to alpha and reload again, or those of alpha to beta
`, "\n")
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
