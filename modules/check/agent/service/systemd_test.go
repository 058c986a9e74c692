package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const systemdExample = `<<<systemd_units>>>
[list-unit-files]
ssh.service enabled enabled
backup.service static -
getty@.service enabled enabled
off.service disabled enabled
slow.service enabled enabled
x.socket enabled -
[status]
● ssh.service - OpenBSD Secure Shell server
     Loaded: loaded (/lib/systemd/system/ssh.service; enabled)
     Active: active (running) since Tue 2026-01-13 09:25:38 CET; 1 day 2h ago
● slow.service - Slow starter
     Active: activating (start) since Tue 2026-01-13 09:25:38 CET; 1min 30s ago
[all]
  UNIT LOAD ACTIVE SUB DESCRIPTION
  ssh.service loaded active running OpenBSD Secure Shell server
* backup.service loaded failed failed Nightly backup
● getty@tty1.service loaded failed failed Getty on tty1
off.service loaded failed failed Switched off
slow.service loaded activating start Slow starter
idle.service loaded inactive dead Idle
x.socket loaded active listening A socket

LOAD   = Reflects whether the unit definition was properly loaded.
7 loaded units listed.
`

func TestTheSummaryNamesServicesThatFailed(t *testing.T) {
	var h host
	expect(t, h.look(t, "systemd_units", systemdExample), monitor.Critical,
		"Total: 6, Disabled: 1, Failed: 3, 1 service failed (getty@tty1)(!!), 1 static service failed (backup)(!!), "+
			"Service slow.service activating for: 1 min 30 s (warn/crit at 30.0 s/1 min 0 s)(!!)", "services=6;;;0 failed=3;;;0")
	expect(t, h.look(t, "systemd_units", systemdExample, "-o", "ignore=~(backup|getty|slow)"), monitor.OK, "Total: 6, Disabled: 1, Failed: 3", "")
	expect(t, h.look(t, "systemd_units", systemdExample, "-w", "1", "-c", "3", "-o", "activating=1h,2h"), monitor.Warning,
		"Total: 6, Disabled: 1, Failed: 3, 1 service failed (getty@tty1)(!), 1 static service failed (backup)(!)", "")
	if got, want := offers(t, "systemd_units", systemdExample), []string{"=Systemd Service Summary"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOneUnitByItsName(t *testing.T) {
	var h host
	for _, c := range []struct {
		item  string
		state monitor.State
		want  string
	}{
		{"ssh", monitor.OK, "Status: active (running), for 1 d 2 h, OpenBSD Secure Shell server"},
		{"ssh.service", monitor.OK, "Status: active (running), for 1 d 2 h, OpenBSD Secure Shell server"},
		{"backup", monitor.Critical, "Status: failed(!!), Nightly backup"},
		{"idle", monitor.OK, "Status: inactive (dead), Idle"},
		{"x.socket", monitor.OK, "Status: active (listening), A socket"},
		{"slow", monitor.Critical, "Status: activating (start), Service slow.service activating for: 1 min 30 s (warn/crit at 30.0 s/1 min 0 s)(!!), for 1 min 30 s, Slow starter"},
		{"gone", monitor.Critical, "no unit gone(!!)"},
	} {
		expect(t, h.look(t, "systemd_units", systemdExample, "-i", c.item), c.state, c.want, "")
	}
	expect(t, h.look(t, "systemd_units", systemdExample, "-i", "idle", "-o", "inactive=critical"), monitor.Critical, "Status: inactive (dead)(!!), Idle", "")
	expect(t, h.look(t, "systemd_units", "<<<systemd_units>>>\n[all]\n", "-i", "idle"), monitor.Unknown, "the agent shows no units of systemd(?)", "")
}

// Without the words of systemctl status, what was seen before tells how long a start takes.
func TestAStartThatTakesTooLongIsSeenWithoutStatus(t *testing.T) {
	var h host
	before, after, _ := strings.Cut(systemdExample, "[status]")
	output := before + after[strings.Index(after, "[all]"):]
	args := []string{"-o", "ignore=~(backup|getty)", "-o", "activating=90,150"}
	for i, want := range []monitor.State{monitor.OK, monitor.OK, monitor.Warning, monitor.Critical} {
		if got := h.look(t, "systemd_units", output, args...); got.State != want {
			t.Errorf("look %d: got %v %s, want %v", i, got.State, got.Output, want)
		}
	}
}
