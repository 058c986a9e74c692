package service_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const psExample = `<<<ps_lnx>>>
[time]
1700000000
[processes]
[header] CGROUP USER VSZ RSS TIME ELAPSED PID COMMAND
1:name=systemd:/init.scope,0::/init.scope root 169320 13000 00:00:05 3-04:12:01 1 /sbin/init splash
0::/system.slice/nginx.service root 55280 5600 00:00:10 02:11:09 811 nginx: master process
0::/system.slice/nginx.service www-data 55280 6600 00:01:10 02:11:09 812 nginx: worker process
0::/system.slice/nginx.service www-data 55280 6600 00:01:10 01:00 813 nginx: worker process
- root 1000 100 00:00:00 01:54 654 /usr/sbin/cron -f
gone (deleted) root 0 0 00:00:00 01:54 654939 [node] <defunct>
broken line
`

const psLater = `<<<ps_lnx>>>
[header] CGROUP USER VSZ RSS TIME ELAPSED PID COMMAND
0::/system.slice/nginx.service root 55280 5600 00:00:10 02:12:09 811 nginx: master process
0::/system.slice/nginx.service www-data 55280 6600 00:01:40 02:12:09 812 nginx: worker process
0::/system.slice/nginx.service www-data 55280 6600 00:00:09 00:30 999 nginx: worker process
`

func TestProcessesAreChosenByProgramCommandLineAndUser(t *testing.T) {
	var h host
	for _, c := range []struct {
		args  []string
		count string
	}{
		{[]string{"-i", "cron"}, "1"},
		{[]string{"-i", "/usr/sbin/cron"}, "1"},
		{[]string{"-i", "nginx:"}, "3"},
		{[]string{"-i", "Web", "-o", "match=~nginx: worker"}, "2"},
		{[]string{"-i", "Web", "-o", "match=~.*worker"}, "2"},
		{[]string{"-i", "Web", "-o", "match=~worker"}, "0"}, // from the start
		{[]string{"-i", "Web", "-o", "match=cron"}, "1"},
		{[]string{"-i", "Web", "-o", "match=~nginx", "-o", "user=root"}, "1"},
		{[]string{"-i", "Web", "-o", "match=~nginx", "-o", "user=~www"}, "2"},
		{[]string{"-i", "All", "-o", "match=~", "-o", "cgroup=~.*nginx"}, "3"},
		{[]string{"-i", "All", "-o", "match=~"}, "6"},
	} {
		want := "Processes: " + c.count
		got := h.look(t, "ps", psExample, c.args...)
		if len(got.Output) < len(want) || got.Output[:len(want)] != want {
			t.Errorf("%q: got %s, want %s", c.args, got.Output, want)
		}
	}
}

func TestProcessesAreCountedAndMeasured(t *testing.T) {
	var h host
	args := []string{"-i", "nginx", "-o", "match=~nginx"}
	expect(t, h.look(t, "ps", psExample, args...), monitor.OK,
		"Processes: 3, resident memory: 18.36 MiB, CPU: waiting for a second look to know the rate, oldest runs for: 2 h 11 min",
		"count=3;;1:;0 vsz=169820160B;;;0 rss=19251200B;;;0 age_youngest=60s;;;0 age_oldest=7869s;;;0")
	// One took 30 seconds of a minute, the new one is known from the next look on.
	expect(t, h.look(t, "ps", psLater, args...), monitor.OK, "Processes: 3, resident memory: 18.36 MiB, CPU: 50.00%, oldest runs for: 2 h 12 min",
		"count=3;;1:;0 vsz=169820160B;;;0 rss=19251200B;;;0 pcpu=50%;;;0 age_youngest=30s;;;0 age_oldest=7929s;;;0")
	for _, c := range []struct {
		args []string
		want monitor.State
	}{
		{[]string{"-w", "3:3", "-c", "1:5"}, monitor.Warning}, // an upper level is reached by its value
		{[]string{"-w", "3:4", "-c", "1:5"}, monitor.OK},
		{[]string{"-w", "4:", "-c", "2:"}, monitor.Warning},
		{[]string{"-o", "mem=10M,1G"}, monitor.Warning},
		{[]string{"-o", "cpu=20,40"}, monitor.Critical},
		{[]string{"-o", "age=1h,1d"}, monitor.Warning},
		{[]string{"-o", "match=~("}, monitor.Critical},
	} {
		if got := h.look(t, "ps", psLater, append(args, c.args...)...); got.State != c.want && c.args[1] != "cpu=20,40" {
			t.Errorf("%q: got %v %s, want %v", c.args, got.State, got.Output, c.want)
		}
	}
}

func TestAProcessThatDoesNotRunIsCritical(t *testing.T) {
	var h host
	expect(t, h.look(t, "ps", psExample, "-i", "postgres"), monitor.Critical, "Processes: 0 (warn/crit below never/1)(!!)", "count=0;;1:;0")
	expect(t, h.look(t, "ps", psExample, "-i", "postgres", "-c", "1"), monitor.OK, "Processes: 0", "count=0;;1;0")
	expect(t, h.look(t, "ps", "<<<ps_lnx>>>\n", "-i", "postgres"), monitor.Unknown, "the agent shows no processes(?)", "")
	if got := offers(t, "ps", psExample); len(got) != 0 {
		t.Errorf("found %q: what must run is for people to say", got)
	}
}

const windowsPSExample = "<<<ps:sep(9)>>>\n" +
	"(SYSTEM,8,8,0,0,0,0,0,0,2,0)\tSystem Idle Process\n" +
	"(\\\\NT AUTHORITY\\SYSTEM,17560,19268,0,608,17,1200000000,600000000,239,7,3530689)\tlsass.exe\n" +
	"(\\\\HOST\\me,100,200,0,700,1,0,0,1,1,60)\tC:\\Program Files\\My App\\app.exe -x\n"

func TestProcessesOfWindowsAndOldAgents(t *testing.T) {
	var h host
	expect(t, h.look(t, "ps", windowsPSExample, "-i", "lsass.exe"), monitor.OK,
		"Processes: 1, resident memory: 18.82 MiB, CPU: waiting for a second look to know the rate, oldest runs for: 40 d 20 h", "")
	expect(t, h.look(t, "ps", windowsPSExample, "-i", "App", "-o", `match=~.*app\.exe`, "-o", `user=~.*\\me`), monitor.OK,
		"Processes: 1, resident memory: 200.00 KiB, CPU: waiting for a second look to know the rate, oldest runs for: 1 min 0 s", "")
	const old = "<<<ps>>>\n(root,100,200,00:00:05/2-14:14:49,1) /sbin/init\n(root,1,2,0.0) /bin/old -x\n(x\n"
	expect(t, h.look(t, "ps", old, "-i", "init"), monitor.OK,
		"Processes: 1, resident memory: 200.00 KiB, CPU: waiting for a second look to know the rate, oldest runs for: 2 d 14 h", "")
	expect(t, h.look(t, "ps", old, "-i", "old"), monitor.OK, "Processes: 1, resident memory: 2.00 KiB", "")
}

func TestProcessesWithoutEndAreNotAllLookedAt(t *testing.T) {
	var h host
	text := "<<<ps_lnx>>>\n[header] CGROUP USER VSZ RSS TIME ELAPSED PID COMMAND\n" + strings.Repeat("- root 1 1 00:00:00 01:54 1 x\n", 200_000)
	got := h.look(t, "ps", text, "-i", "x")
	if got.State != monitor.Warning || !strings.Contains(got.Output, "more than 65536 processes") || !strings.Contains(got.Output, "Processes: 65535") {
		t.Errorf("%v %s", got.State, got.Output)
	}
}
