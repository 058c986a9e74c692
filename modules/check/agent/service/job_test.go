package service_test

import (
	"slices"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const jobExample = `<<<job>>>
==> backup of it <==
start_time 1699999000
exit_code 0
real_time 0:10.23
user_time 1.02
system_time 0.51
reads 0
writes 2048
max_res_kbytes 9316
avg_mem_kbytes 0
vol_context_switches 5

==> backup of it.4711running <==
start_time 1699999900

==> broken <==
start_time 1699990000
exit_code 3
real_time 1:02:03.5

==> killed <==
start_time 1699990000
exit_code 0

==> killed.12running <==
start_time 1699995000
exit_code 143

==> new.5running <==
start_time 1699999990
`

func TestJobsTellHowTheirLastRunWas(t *testing.T) {
	want := []string{"backup of it=Job backup of it", "broken=Job broken", "killed=Job killed"}
	if got := offers(t, "job", jobExample); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range []struct {
		args  []string
		state monitor.State
		want  string
	}{
		{[]string{"-i", "backup of it"}, monitor.OK, "Latest exit code: 0, Real time: 10.2 s, 1 running, the oldest for: 2 min 40 s, Job age: 2 min 40 s"},
		{[]string{"-i", "backup of it", "-o", "runtime=10,20"}, monitor.Warning, "Latest exit code: 0, Real time: 10.2 s (warn/crit at 10.0 s/20.0 s)(!), 1 running, the oldest for: 2 min 40 s, Job age: 2 min 40 s"},
		{[]string{"-i", "backup of it", "-o", "running=1m,2m"}, monitor.Critical, "Latest exit code: 0, Real time: 10.2 s, 1 running, the oldest for: 2 min 40 s (warn/crit at 1 min 0 s/2 min 0 s)(!!), Job age: 2 min 40 s"},
		{[]string{"-i", "broken"}, monitor.Critical, "Latest exit code: 3(!!), Real time: 1 h 2 min, Job age: 2 h 47 min"},
		{[]string{"-i", "broken", "-o", "ok=0,3", "-w", "2h", "-c", "3h"}, monitor.Warning, "Latest exit code: 3, Real time: 1 h 2 min, Job age: 2 h 47 min (warn/crit at 2 h 0 min/3 h 0 min)(!)"},
		{[]string{"-i", "killed"}, monitor.Critical, "Latest exit code: 143(!!), Job age: 1 h 24 min"},
		{[]string{"-i", "new"}, monitor.OK, "the first run is not over, 1 running, the oldest for: 1 min 10 s, Job age: 1 min 10 s"},
		{[]string{"-i", "nix"}, monitor.Unknown, `there is no job "nix" in the agent's output, but backup of it, broken, killed, new(?)`},
	} {
		var h host
		expect(t, h.look(t, "job", jobExample, c.args...), c.state, c.want, "")
	}
	var h host
	expect(t, h.look(t, "job", jobExample, "-i", "backup of it"), monitor.OK, "Latest exit code: 0, Real time: 10.2 s, 1 running, the oldest for: 2 min 40 s, Job age: 2 min 40 s",
		"real_time=10.23s;;;0 job_age=160s;;;0 user_time=1.02s;;;0 system_time=0.51s;;;0 reads=0;;;0 writes=2048;;;0 max_res_bytes=9539584B;;;0 avg_mem_bytes=0B;;;0 vol_context_switches=5;;;0")
	expect(t, h.look(t, "job", "<<<job>>>\n==> half <==\nstart_time 1700000000\n", "-i", "half"), monitor.Unknown,
		"the agent knows only a part of the last run(?), Job age: 2 min 0 s", "")
}
