package service_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

// The first look is at Tue Nov 14 22:14:20 2023 UTC.
const chronyExample = `<<<chrony:cached(1700000050,30)>>>
Reference ID    : C0000205 (192.0.2.5)
Stratum         : 3
Ref time (UTC)  : Tue Nov 14 22:09:20 2023
System time     : 0.000012345 seconds slow of NTP time
Last offset     : -0.000004321 seconds
Leap status     : Normal
`

func TestChronyTellsHowFarTheClockIsOff(t *testing.T) {
	var h host
	got := h.look(t, "chrony", chronyExample)
	expect(t, got, monitor.OK, "Server: 192.0.2.5, Offset: 12 µs, Stratum: 3", "offset=0.000012345s;0.2;0.5 stratum=3;10;10 last_sync_time=300s;1800;3600;0")
	if want := "Time since last sync: 5 min 0 s\nmade 10.0 s ago, every 30.0 s"; got.LongOutput != want {
		t.Errorf("long output: got %q, want %q", got.LongOutput, want)
	}
	for _, c := range []struct {
		args []string
		want monitor.State
	}{
		{[]string{"-w", "10ms", "-c", "1s"}, monitor.OK},
		{[]string{"-w", "0.00001", "-c", "1s"}, monitor.Warning},
		{[]string{"-o", "stratum=3,4"}, monitor.Warning},
		{[]string{"-o", "sync=2m,3m"}, monitor.Critical},
	} {
		var h host
		if got := h.look(t, "chrony", chronyExample, c.args...); got.State != c.want {
			t.Errorf("%q: got %v %s, want %v", c.args, got.State, got.Output, c.want)
		}
	}
}

func TestAChronyThatIsAloneIsSeen(t *testing.T) {
	var h host
	expect(t, h.look(t, "chrony", "<<<chrony>>>\n506 Cannot talk to daemon\n"), monitor.Critical, "506 Cannot talk to daemon(!!)", "")
	expect(t, h.look(t, "chrony", "<<<chrony>>>\n"), monitor.Unknown, "the agent shows nothing of chrony(?)", "")
	alone := "<<<chrony>>>\nReference ID    : 00000000 ()\nStratum         : 0\nRef time (UTC)  : Thu Jan  1 00:00:00 1970\nSystem time     : 0.000000001 seconds fast of NTP time\nLeap status     : Not synchronised\n"
	expect(t, h.look(t, "chrony", alone), monitor.Warning, "no NTP server can be reached(!), Offset: 0 µs, Stratum: 0, not synchronised(!)", "")
	if got := offers(t, "chrony", "<<<chrony>>>\n506 Cannot talk to daemon\n<<<ntp>>>\n"); len(got) != 0 {
		t.Errorf("a chrony that does not run beside an ntpd: got %q", got)
	}
}

const ntpExample = `<<<ntp>>>
% remote refid st t when poll reach delay offset jitter
= ==============
* 192.0.2.5 .GPS. 1 u 35 64 377 0.412 -0.021 0.004
+ 192.0.2.6 192.0.2.5 2 u 2m 64 376 0.412 300.5 0.004
x 192.0.2.7 192.0.2.5 2 u 1h 64 377 0.412 1.0 0.004
% 192.0.2.8 .INIT. 16 u - 1024 0 0.000 0.000 0.000
`

func TestNTPIsAboutThePeerThatIsFollowed(t *testing.T) {
	var h host
	expect(t, h.look(t, "ntp", ntpExample), monitor.OK, "Peer: 192.0.2.5, Offset: 21 µs, Stratum: 1, Jitter: 4 µs",
		"offset=0.000021s;0.2;0.5 stratum=1;10;10 jitter=0.000004s")
	if got := h.look(t, "ntp", ntpExample, "-i", "192.0.2.6"); got.State != monitor.Warning || !strings.Contains(got.Output, "Offset: 300.50 ms (warn/crit at 200.00 ms/500.00 ms)(!)") {
		t.Errorf("got %v %s", got.State, got.Output)
	}
	if got := h.look(t, "ntp", ntpExample, "-i", "192.0.2.7"); got.State != monitor.Critical || !strings.Contains(got.Output, "State: falseticker(!!)") {
		t.Errorf("got %v %s", got.State, got.Output)
	}
	expect(t, h.look(t, "ntp", ntpExample, "-i", "192.0.2.8"), monitor.Unknown, "peer 192.0.2.8 cannot be reached(?)", "")
	if got := h.look(t, "ntp", ntpExample, "-i", "192.0.2.9"); got.State != monitor.Unknown {
		t.Errorf("got %v %s", got.State, got.Output)
	}
}

func TestAnNTPWithoutAPeerGetsWorseWithTime(t *testing.T) {
	var h host
	lost := strings.Replace(ntpExample, "* 192", "+ 192", 1)
	h.look(t, "ntp", ntpExample)
	for i, want := range []monitor.State{monitor.OK, monitor.OK, monitor.OK, monitor.OK, monitor.OK, monitor.Warning} {
		if got := h.look(t, "ntp", lost); got.State != want {
			t.Errorf("after %d minutes: got %v %s, want %v", i, got.State, got.Output, want)
		}
	}
	expect(t, h.look(t, "ntp", lost), monitor.Warning, "not synchronised for: 6 min 0 s (warn/crit at 5 min 0 s/1 h 0 min)(!), found 4 peers, but none is suitable", "")
	h.look(t, "ntp", ntpExample)
	expect(t, h.look(t, "ntp", lost), monitor.OK, "not synchronised for: 0 s, found 4 peers, but none is suitable", "")
}

const timesyncdExample = `<<<timesyncd>>>
       Server: 192.0.2.5 (ntp.example.org)
Poll interval: 34min 8s (min: 32s; max 34min 8s)
         Leap: normal
      Version: 4
      Stratum: 2
       Offset: -1.5ms
        Delay: 12.3ms
       Jitter: 400us
[[[1699999760.5]]]
<<<timesyncd_ntpmessage:sep(10)>>>
NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, ReceiveTimestamp=Tue 2023-11-14 21:14:20 UTC, DestinationTimestamp=Tue 2023-11-14 21:14:20 UTC }
Timezone=UTC
`

func TestTimesyncdTellsHowFarTheClockIsOff(t *testing.T) {
	var h host
	expect(t, h.look(t, "timesyncd", timesyncdExample), monitor.Warning,
		"Offset: 1.50 ms, Time since last NTP message: 1 h 0 min (warn/crit at 1 h 0 min/2 h 0 min)(!), Stratum: 2, Jitter: 400 µs, synchronised on 192.0.2.5 ntp.example.org",
		"offset=0.0015s;0.2;0.5 last_sync_time=299.5s;;;0 last_message_time=3600s;3600;7200;0 stratum=2;9;10 jitter=0.0004s;0.2;0.5")
	berlin := strings.Replace(strings.ReplaceAll(timesyncdExample, "21:14:20 UTC", "23:14:00 CET"), "Timezone=UTC", "Timezone=Europe/Berlin", 1)
	if got := (&host{}).look(t, "timesyncd", berlin); !strings.Contains(got.Perfdata, "last_message_time=20s") {
		t.Errorf("in another zone: got %s", got.Perfdata)
	}
	if got := (&host{}).look(t, "timesyncd", timesyncdExample, "-o", "message=2h,3h", "-w", "1ms"); got.State != monitor.Warning {
		t.Errorf("a level on the offset: got %v %s", got.State, got.Output)
	}
}

func TestATimesyncdWithoutServerIsCritical(t *testing.T) {
	var h host
	for _, output := range []string{
		"<<<timesyncd>>>\n       Server: null (ntp.example.org)\n",
		"<<<timesyncd>>>\n       Server: 192.0.2.5 (ntp.example.org)\nPoll interval: 0 (min: 32s; max 34min 8s)\n Packet count: 0\n",
	} {
		if got := h.look(t, "timesyncd", output); got.State != monitor.Critical || !strings.Contains(got.Output, "found no time server(!!)") {
			t.Errorf("got %v %s", got.State, got.Output)
		}
	}
}
