package service_test

import (
	"testing"

	"github.com/onbu/onbu/monitor"
)

const agentExample = `<<<check_mk>>>
Version: 2.3.0p10
AgentOS: linux
Hostname: web1
OnlyFrom: 192.0.2.10
FailedPythonReason:
`

func TestTheAgentsVersionIsCompared(t *testing.T) {
	var h host
	expect(t, h.look(t, "check_mk", agentExample), monitor.OK, "Version: 2.3.0p10, OS: linux", "")
	for want, state := range map[string]monitor.State{
		"2.3.0p10": monitor.OK, "2.3.0p9": monitor.Warning, "2.3.0": monitor.Warning, "~2[.]3": monitor.OK, "~3": monitor.Warning,
		">=2.3.0": monitor.OK, ">=2.3.0p10": monitor.OK, ">=2.3.0p11": monitor.Warning, ">=2.4.0i1": monitor.Warning, ">=2.2": monitor.OK,
		">=2.3.0b6": monitor.OK, ">=1.6.0p30": monitor.OK,
	} {
		if got := h.look(t, "check_mk", agentExample, "-o", "version="+want); got.State != state {
			t.Errorf("version=%s: got %v %s, want %v", want, got.State, got.Output, state)
		}
	}
	expect(t, h.look(t, "check_mk", agentExample, "-o", "version=2.4.0"), monitor.Warning, "Version: 2.3.0p10 (expected 2.4.0)(!), OS: linux", "")
	expect(t, h.look(t, "check_mk", agentExample, "-o", "version=~("), monitor.Unknown,
		"-o version=~(: error parsing regexp: missing closing ): `^(?:()`(?), Version: 2.3.0p10 (expected ~()(!), OS: linux", "")
}

func TestInnovationsAndBetasAreOlderThanTheirRelease(t *testing.T) {
	var h host
	for _, c := range []struct{ version, least string }{{"2.3.0i1", "2.3.0b1"}, {"2.3.0b1", "2.3.0b2"}, {"2.3.0b2", "2.3.0"}, {"2.3.0", "2.3.0p1"}, {"2.3.0p9", "2.3.0p10"}} {
		if got := h.look(t, "check_mk", "<<<check_mk>>>\nVersion: "+c.version+"\n", "-o", "version=>="+c.least); got.State != monitor.Warning {
			t.Errorf("%s is not older than %s", c.version, c.least)
		}
		if got := h.look(t, "check_mk", "<<<check_mk>>>\nVersion: "+c.least+"\n", "-o", "version=>="+c.version); got.State != monitor.OK {
			t.Errorf("%s is older than %s", c.least, c.version)
		}
	}
}

func TestAnAgentWithoutPythonIsAWarning(t *testing.T) {
	var h host
	got := h.look(t, "check_mk", "<<<check_mk>>>\nVersion: 2.3.0\nFailedPythonReason: no suitable python interpreter\n")
	expect(t, got, monitor.Warning, "Version: 2.3.0, plugins cannot run: no suitable python interpreter(!)", "")
	expect(t, h.look(t, "check_mk", "<<<check_mk>>>\n"), monitor.Unknown, "the agent does not say its version(?)", "")
}
